//! Addresses and ranges of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    finding::{Applicability, Finding, RuleInfo, Severity},
    policy::{Comparison, Condition, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Span},
    syntax::print,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags private addresses under `aws:SourceIp`: as an error where there are no others, as a note beside public ones.
    ///
    /// ## Why it matters
    /// The key holds the public address of a request, and is absent from requests by way of a VPC endpoint. A private range
    /// matches nobody: `IpAddress` with it never holds, `NotIpAddress` always.
    ///
    /// ## How to fix it
    /// Write the public addresses; for private ones use `aws:VpcSourceIp` together with `aws:SourceVpc`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", private IP address, private `NotIpAddress` and their subsets;
    /// "AWS global condition context keys", `aws:SourceIp`.
    pub PRIVATE_SOURCE_IP = {
        id: "private-source-ip", code: Some("PRIVATE_IP_ADDRESS"),
        further_codes: &["PRIVATE_IP_ADDRESS_SUBSET", "PRIVATE_NOT_IP_ADDRESS", "PRIVATE_NOT_IP_ADDRESS_SUBSET"],
        severity: Error, confidence: High, persona: Regular,
        summary: "aws:SourceIp with private addresses",
    }

    /// ## What it does
    /// Flags a range of addresses with bits set behind its mask: `203.0.113.7/24`.
    ///
    /// ## Why it matters
    /// They are ignored: the range is wider than the address looks.
    ///
    /// ## How to fix it
    /// Write the range's first address, or a longer mask.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", improve IP range.
    pub RANGE_WITH_HOST_BITS = {
        id: "range-with-host-bits", code: Some("IMPROVE_IP_RANGE"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "an address range with bits behind its mask",
    }
}

/// The addresses of conditions.
pub(crate) struct Addresses;

impl Check for Addresses {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            let comparison = condition.operator.value.comparison;
            if matches!(comparison, Comparison::IpAddress | Comparison::NotIpAddress) {
                host_bits(condition, out);
                if condition.key.value.is("aws:SourceIp") {
                    private(condition, out);
                }
            }
        }
    }
}

fn host_bits(condition: &Condition, out: &mut Findings<'_>) {
    for value in &condition.values.read {
        let Some(range) = Range::read(&value.value) else { continue };
        let first = range.first();
        if first == range.address {
            continue;
        }
        let meant = format!("{first}/{}", range.length);
        let quoted = print::quoted(&meant);
        let finding = Finding::new(&RANGE_WITH_HOST_BITS, value.span, format!("`{}` means {meant}", value.value));
        let finding = finding.help("write the range's first address, or a longer mask");
        let edits = vec![Edit::replace(value.span, quoted.clone())];
        out.push(finding.fix(format!("write {quoted}"), Applicability::Safe, edits));
    }
}

fn private(condition: &Condition, out: &mut Findings<'_>) {
    let is_private = |text: &str| Range::read(text).is_some_and(Range::is_private);
    let values = &condition.values;
    let places: Vec<Span> =
        values.read.iter().filter(|value| is_private(&value.value)).map(|value| value.span).collect();
    let [first, others @ ..] = &places[..] else { return };
    let negated = condition.operator.value.comparison == Comparison::NotIpAddress;
    let is_all = places.len() == values.len();
    let code = match (negated, is_all) {
        (false, true) => "PRIVATE_IP_ADDRESS",
        (true, true) => "PRIVATE_NOT_IP_ADDRESS",
        (false, false) => "PRIVATE_IP_ADDRESS_SUBSET",
        (true, false) => "PRIVATE_NOT_IP_ADDRESS_SUBSET",
    };
    let message = match (is_all, negated) {
        (true, false) => "no request has a private address, so this never holds",
        (true, true) => "no request has a private address, so this always holds",
        (false, _) => "no request has this private address",
    };
    let finding = Finding::new(&PRIVATE_SOURCE_IP, *first, message)
        .code(code)
        .help("write public addresses; for private ones use aws:VpcSourceIp with aws:SourceVpc");
    let finding = others.iter().fold(finding, |finding, place| finding.related(*place, "nor this one"));
    out.push(if is_all { finding } else { finding.severity(Severity::Note) });
}

/// An address with the length of its mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    address: IpAddr,
    length: u8,
}

impl Range {
    /// Reads `203.0.113.0/24`, `2001:db8::/32`, or an address alone.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", IP address condition operators.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => length.parse().ok()?,
            Some(_) => return None,
        };
        (length <= most).then_some(Self { address, length })
    }

    /// The address without the bits behind the mask.
    fn first(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                Ipv4Addr::from(u32::from(address) & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        }
    }

    /// Whether every address of it is private. Source: RFC 1918; RFC 4193.
    fn is_private(self) -> bool {
        match self.first() {
            IpAddr::V4(first) => {
                let [one, two, ..] = first.octets();
                (one == 10 && self.length >= 8)
                    || (one == 172 && (16..32).contains(&two) && self.length >= 12)
                    || (one == 192 && two == 168 && self.length >= 16)
            }
            IpAddr::V6(first) => first.octets()[0] & 0xfe == 0xfc && self.length >= 7,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_private_where_all_of_it_is() {
        let is_private = |text: &str| Range::read(text).is_some_and(Range::is_private);
        assert!(is_private("10.0.0.0/8") && is_private("172.16.0.0/12") && is_private("192.168.1.1"));
        assert!(!is_private("10.0.0.0/7") && !is_private("172.32.0.0/16") && !is_private("0.0.0.0/0"));
        assert!(is_private("fd00::/8") && !is_private("2001:db8::/32"));
    }

    #[test]
    fn a_mask_longer_than_the_address_is_no_range() {
        assert_eq!(Range::read("203.0.113.0/33"), None);
        assert_eq!(Range::read("203.0.113.0/+8"), None);
        assert!(Range::read("::/0").is_some());
    }
}
