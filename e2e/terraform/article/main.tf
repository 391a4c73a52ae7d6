# The article's two policies, as they stand in fixtures/seed.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "policies" {}

resource "aws_kms_key" "kasten" {
  description         = "kasten"
  enable_key_rotation = true
  policy              = file("${var.policies}/key-policy.json")
}

resource "aws_kms_alias" "kasten" {
  name          = "alias/kasten"
  target_key_id = aws_kms_key.kasten.key_id
}

resource "aws_iam_policy" "kasten" {
  name   = "kasten"
  policy = file("${var.policies}/kasten-iam-policy.json")
}

output "key_policy" { value = aws_kms_key.kasten.policy }
output "kasten_policy" { value = aws_iam_policy.kasten.policy }
