//! istioctl: `writer/compare/sds`

use base64::Engine as _;
use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use serde_json::Value;

use super::place::Places;
use super::resources::{items, text};
use super::table::{self, row};

const STANDARD: base64::engine::GeneralPurpose = base64::engine::general_purpose::STANDARD;

/// The section itself.
pub(super) fn section(dump: &Value) -> Value {
    let section =
        items(dump, &["configs"]).iter().find(|config| text(config, &["@type"]).ends_with("SecretsConfigDump"));
    section.cloned().unwrap_or_default()
}

pub(super) fn table(dump: &Value, places: Option<&Places<'_>>) -> String {
    let section = section(dump);
    let lists = [("dynamic_warming_secrets", "WARMING"), ("dynamic_active_secrets", "ACTIVE")];
    let of_list =
        |(list, state): (&'static str, &'static str)| items(&section, &[list]).iter().map(move |s| (s, state));
    let secrets: Vec<(&Value, &str)> = lists.into_iter().flat_map(of_list).collect();
    if secrets.is_empty() {
        return "No active or warming secrets found.\n".to_owned();
    }
    let title = ["RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE"];
    let mut rows = vec![row(title, places.map(|_| Places::TITLE.to_owned()))];
    for (entry, state) in secrets {
        let name = text(entry, &["name"]);
        let Facts { r#type, is_valid, serial, not_after, not_before } = Facts::of(entry).unwrap_or_default();
        let valid = if is_valid { "true" } else { "false" };
        let place = places.map(|places| places.of_secret(name).unwrap_or_else(Places::none));
        rows.push(row([name, r#type, state, valid, &serial, &not_after, &not_before], place));
    }
    table::render(&rows, 5)
}

/// What the first certificate of a secret says. istioctl: `secretMetaFromCert`
#[derive(Default)]
struct Facts {
    r#type: &'static str,
    is_valid: bool,
    serial: String,
    not_after: String,
    not_before: String,
}

impl Facts {
    fn of(entry: &Value) -> Option<Self> {
        let chain = text(entry, &["secret", "tls_certificate", "certificate_chain", "inline_bytes"]);
        let authority = text(entry, &["secret", "validation_context", "trusted_ca", "inline_bytes"]);
        let pem = STANDARD.decode(if chain.is_empty() { authority } else { chain }).ok()?;
        let der = block(&String::from_utf8_lossy(&pem))?;
        let certificate = parts(&der)?;
        let of_certificate = parts(certificate.first()?.value())?;
        let mut fields = parts(of_certificate.first()?.value())?.into_iter().peekable();
        // The version, which has a tag of its own.
        fields.next_if(|field| !field.tag().is_universal());
        let serial = fields.next()?;
        let (_algorithm, _issuer, validity) = (fields.next()?, fields.next()?, fields.next()?);
        let validity = parts(validity.value())?;
        let [from, until] = validity.as_slice() else { return None };
        let (not_before, not_after) = (time(from)?, time(until)?);
        let now = rfc3339(crate::cli::now());
        let extensions = fields.rfind(|field| !field.tag().is_universal());
        let is_authority = extensions.is_some_and(|extensions| is_authority(extensions.value()).unwrap_or_default());
        let serial: Vec<String> = serial.value().iter().map(|byte| format!("{byte:02x}")).collect();
        let serial = serial.concat();
        Some(Self {
            r#type: if is_authority { "CA" } else { "Cert Chain" },
            is_valid: not_before < now && now < not_after,
            serial: format!("{:0>32}", serial.trim_start_matches('0')),
            not_after,
            not_before,
        })
    }
}

/// The bytes of the first PEM block.
fn block(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(body.chars().filter(|c| !c.is_whitespace()).collect::<String>()).ok()
}

/// The elements one after the other.
fn parts(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(der).ok()?;
    let mut out = Vec::new();
    while !reader.is_finished() {
        out.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(out)
}

/// A time as `2023-05-16T01:32:52Z`.
fn time(field: &AnyRef<'_>) -> Option<String> {
    let digits = std::str::from_utf8(field.value()).ok()?;
    let digits = match field.tag() {
        Tag::UtcTime if digits.get(..2)? < "50" => format!("20{digits}"),
        Tag::UtcTime => format!("19{digits}"),
        _ => digits.to_owned(),
    };
    let part = |from: usize, to: usize| digits.get(from..to);
    let date = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
    Some(format!("{date}T{}:{}:{}Z", part(8, 10)?, part(10, 12)?, part(12, 14)?))
}

/// Whether the extensions have basic constraints that say so.
fn is_authority(extensions: &[u8]) -> Option<bool> {
    /// 2.5.29.19
    const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1D, 0x13];
    let list = parts(extensions)?;
    for extension in parts(list.first()?.value())? {
        let fields = parts(extension.value())?;
        if fields.first()?.value() == BASIC_CONSTRAINTS {
            let content = parts(fields.last()?.value())?;
            let flags = parts(content.first()?.value())?;
            return Some(flags.first().is_some_and(|flag| flag.tag() == Tag::Boolean && flag.value() == [0xFF]));
        }
    }
    Some(false)
}

/// Seconds since 1970 as `2023-05-16T01:32:52Z`, by the calendar's 400 years of 146097 days.
fn rfc3339(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 1 March 0000, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_684_200_772, "2023-05-16T01:32:52Z"),
            (4_922_899_200, "2126-01-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }
}
