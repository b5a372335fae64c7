//! Whether bytes are a certificate that is valid at a time: PEM around DER, of which only the dates are read.
//!
//! istiod: `pilot/pkg/xds/sds.go` `ValidateCertificate`

use base64::Engine as _;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Whether the first PEM block holds certificates, all valid at `now` (seconds since 1970; nothing: whenever).
pub(super) fn is_valid(pem: &[u8], now: Option<i64>) -> bool {
    let Some(der) = block(&String::from_utf8_lossy(pem)) else { return false };
    let mut rest = der.as_slice();
    while !rest.is_empty() {
        let Some((certificate, after)) = element(rest, SEQUENCE) else { return false };
        let Some((from, until)) = validity(certificate) else { return false };
        if now.is_some_and(|now| now < from || now > until) {
            return false;
        }
        rest = after;
    }
    true
}

/// Returns the bytes of the first PEM block.
fn block(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

/// Returns the content of the element at the start, and what comes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, mut rest) = rest.split_first()?;
    let mut length = usize::from(*length);
    if length >= 0x80 {
        let (bytes, after) = rest.split_at_checked(length - 0x80).filter(|(bytes, _)| bytes.len() <= 4)?;
        length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = after;
    }
    (*found == tag).then_some(())?;
    rest.split_at_checked(length)
}

/// Returns what comes after the element at the start, whatever it is.
fn skip(der: &[u8]) -> Option<&[u8]> {
    element(der, *der.first()?).map(|(_, rest)| rest)
}

fn validity(certificate: &[u8]) -> Option<(i64, i64)> {
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = skip(fields)?;
    }
    // Serial number, signature algorithm, issuer.
    let fields = skip(skip(skip(fields)?)?)?;
    let (dates, _) = element(fields, SEQUENCE)?;
    let until = skip(dates)?;
    Some((time(dates)?, time(until)?))
}

fn time(der: &[u8]) -> Option<i64> {
    let tag = *der.first()?;
    let (text, _) = element(der, tag)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    Some(((days(year, month, day) * 24 + part(4)?) * 60 + part(6)?) * 60 + part(8)?)
}

/// Returns days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
    }

    #[test]
    fn what_is_no_certificate() {
        for text in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(!is_valid(text.as_bytes(), None), "{text}");
        }
    }
}
