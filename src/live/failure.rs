//! Why a call gave nothing, in words that help.

use aws_sdk_iam::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
};

use crate::source::without_access_keys;

/// What went wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller may not make it.
    Denied,
    /// What was asked for is not there.
    Absent,
    /// The service does not answer this of such a thing: the rotation of an asymmetric key.
    Unsupported,
    /// The credentials are no good: no other call would fare better.
    Credentials,
    /// All else: the network, the service, an answer that cannot be read.
    Failed,
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort of trouble.
    pub kind: Kind,
    /// The service's own word for it, where it has one.
    pub code: Option<String>,
    /// One clause, without credentials.
    pub message: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, code: None, message: message.into() }
    }

    /// What the SDK reports.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::new(Kind::Failed, "no answer in time; --timeout SECONDS waits longer"),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::new(Kind::Failed, "no answer in time; --timeout SECONDS waits longer")
            }
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().map(|error| cause(error)).unwrap_or_default();
                Self::new(Kind::Failed, format!("the service was not reached{cause}"))
            }
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                let (code, message) = (service.err().code(), service.err().message());
                Self::told(status, code, message)
            }
            SdkError::ResponseError(response) => {
                let status = response.raw().status().as_u16();
                Self::new(
                    Kind::Failed,
                    format!("the answer (HTTP {status}) cannot be read: it is cut off or no answer of AWS"),
                )
            }
            _ => Self::new(Kind::Failed, first_line(&DisplayErrorContext(error).to_string())),
        }
    }

    /// What a service answered.
    fn told(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let Some(code) = code.filter(|code| !code.is_empty()) else {
            return Self::new(Kind::Failed, format!("HTTP {status} without a word of AWS"));
        };
        let kind = match code {
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Kind::Denied,
            "NoSuchEntity" | "NoSuchEntityException" | "NotFoundException" | "NotFound" => Kind::Absent,
            "UnsupportedOperationException" | "KMSInvalidStateException" => Kind::Unsupported,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken" => Kind::Credentials,
            _ => Kind::Failed,
        };
        let message = match kind {
            // What STS and IAM say of a signature quotes headers of the request, a session token among them.
            Kind::Credentials if code.starts_with("Expired") => "the credentials have expired".to_owned(),
            Kind::Credentials => "AWS does not accept the credentials".to_owned(),
            _ => first_line(message.unwrap_or(code)),
        };
        Self { kind, code: Some(code.to_owned()), message }
    }
}

/// How much of an error's text is told.
const LONGEST: usize = 240;

/// The first line, in bounds, with stars in the place of ids of access keys.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    without_access_keys(line).unwrap_or_else(|| line.to_owned()).chars().take(LONGEST).collect()
}

/// What a connection's error names as its root.
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    for _ in 0..16 {
        match last.source() {
            Some(source) => last = source,
            None => break,
        }
    }
    format!(": {}", first_line(&last.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_answers_is_sorted() {
        let kind = |code| Failure::told(400, Some(code), None).kind;
        assert_eq!(kind("AccessDeniedException"), Kind::Denied);
        assert_eq!(kind("NoSuchEntity"), Kind::Absent);
        assert_eq!(kind("UnsupportedOperationException"), Kind::Unsupported);
        assert_eq!(kind("ExpiredToken"), Kind::Credentials);
        assert_eq!(kind("Throttling"), Kind::Failed);
        assert_eq!(Failure::told(500, None, None).message, "HTTP 500 without a word of AWS");
    }

    #[test]
    fn no_message_names_an_access_key_or_quotes_a_signed_request() {
        let signature = Failure::told(403, Some("SignatureDoesNotMatch"), Some("x-amz-security-token:SECRET"));
        assert_eq!(signature.message, "AWS does not accept the credentials");
        let other = Failure::told(400, Some("Strange"), Some("Credential=AKIAIOSFODNN7EXAMPLE/2026 is odd\nSECRET"));
        assert_eq!(other.message, "Credential=***/2026 is odd");
    }
}
