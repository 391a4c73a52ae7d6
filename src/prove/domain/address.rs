//! IP addresses, parted at the ends of the ranges that a policy names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::semantics::AddressRange;

/// An address of each class: the range in which each lies, and each gap between ranges, of either family.
#[must_use]
pub(in crate::prove) fn classes(named: &[AddressRange]) -> Vec<String> {
    let mut all = Vec::new();
    for (is_v4, liked) in [(true, LIKED_V4), (false, LIKED_V6)] {
        let last = if is_v4 { u128::from(u32::MAX) } else { u128::MAX };
        // Where a run of addresses that no range tells apart begins.
        let mut starts = vec![0];
        for (first, end) in named.iter().filter(|range| range.is_v4() == is_v4).map(AddressRange::bounds) {
            starts.push(first);
            starts.extend((end < last).then(|| end + 1));
        }
        starts.sort_unstable();
        starts.dedup();
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).map_or(last, |next| next - 1);
            let liked = liked.iter().filter_map(|text| number(text)).find(|address| (*start..=end).contains(address));
            // The first of a range is its network's name, which no host has.
            let address = liked.unwrap_or(if end > *start { start + 1 } else { *start });
            all.push(spelt(is_v4, address));
        }
    }
    all
}

/// Addresses for documentation, and private ones.
///
/// Source: RFC 5737, "IPv4 Address Blocks Reserved for Documentation"; RFC 3849, "IPv6 Address Prefix Reserved for
/// Documentation".
const LIKED_V4: &[&str] = &["203.0.113.10", "198.51.100.10", "192.0.2.10", "10.0.0.10", "172.16.0.10", "192.168.0.10"];
const LIKED_V6: &[&str] = &["2001:db8::10"];

fn number(text: &str) -> Option<u128> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    })
}

fn spelt(is_v4: bool, address: u128) -> String {
    match u32::try_from(address) {
        Ok(short) if is_v4 => Ipv4Addr::from(short).to_string(),
        _ => Ipv6Addr::from(address).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fall_into_ranges_and_gaps_of_both_families() {
        let ranges = ["203.0.113.0/24", "203.0.113.7", "2001:db8::/32"].map(|text| AddressRange::read(text).unwrap());
        let found = classes(&ranges);
        let inside = |text: &str| {
            let address = AddressRange::read(text).unwrap();
            ranges.iter().map(|range| range.holds(&address)).collect::<Vec<_>>()
        };
        for wanted in [[false, false, false], [true, false, false], [true, true, false], [false, false, true]] {
            assert!(found.iter().any(|text| inside(text) == wanted), "{wanted:?} {found:?}");
        }
        assert!(found.contains(&"203.0.113.10".to_owned()) && found.contains(&"2001:db8::10".to_owned()));
    }

    #[test]
    fn a_range_of_everything_leaves_no_gap() {
        let found = classes(&[AddressRange::read("0.0.0.0/0").unwrap()]);
        assert_eq!(found, ["203.0.113.10", "2001:db8::10"]);
    }
}
