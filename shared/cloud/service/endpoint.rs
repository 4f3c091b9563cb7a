//! The public endpoint of a service.

/// The regions of a partition, by their first characters, and the domain of its endpoints. The
/// other regions are in `amazonaws.com`. Source: AWS General Reference, AWS service endpoints; the
/// SDKs' `partitions.json`. `[D]`
const PARTITIONS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

/// Returns `https://{service}.{region}.{domain}`.
pub(super) fn of(service: &str, region: &str) -> String {
    let of = PARTITIONS
        .iter()
        .find(|(regions, _)| region.starts_with(regions));
    let domain = of.map_or("amazonaws.com", |(_, domain)| domain);
    format!("https://{service}.{region}.{domain}")
}
