// SPDX-License-Identifier: AGPL-3.0-or-later
//! A.9.4.1, what the Persoon has: an app that makes codes (TOTP, RFC 6238).

use medmij_types::{Entropy as _, EntropyError, OsEntropy};
use qrcodegen::{QrCode, QrCodeEcc};
use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};
use totp_rs::{Builder, Secret, Totp};

const STEP: u64 = 30;

/// A new secret, 160 bits.
pub(crate) fn new_secret() -> Result<[u8; 20], EntropyError> {
    let mut secret = [0; 20];
    OsEntropy.fill(&mut secret)?;
    Ok(secret)
}

/// The step at a moment.
pub(crate) fn step(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / STEP
}

/// The step of a code that is right now; one earlier and one later are taken too, since clocks differ. Whoever takes it sees
/// to it that no step is taken twice.
pub(crate) fn check(secret: [u8; 20], code: &str, now: SystemTime) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    totp(secret, "")?.check(&code, seconds)
}

/// The code of a step: what the app of the Persoon shows. For the voorbeeldpersoon of a demo, and for tests.
pub(crate) fn code(secret: [u8; 20], step: u64) -> Option<String> {
    Some(totp(secret, "")?.generate(step.saturating_mul(STEP)).to_string())
}

/// The key as text, in groups of four: to type over or to paste.
pub(crate) fn key_text(secret: [u8; 20]) -> String {
    let key = Secret::from(secret).to_base32();
    let groups: Vec<String> = key
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join(" ")
}

/// The address that an app on the same telephone opens, and that the QR code holds.
pub(crate) fn address(secret: [u8; 20], email: &str) -> Option<String> {
    totp(secret, email)?.to_url().ok()
}

/// The QR code as the path of an SVG, and how many squares wide it is with its quiet zone.
pub(crate) fn qr(address: &str) -> Option<(String, i32)> {
    let code = QrCode::encode_text(address, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + 4, y + 4);
        }
    }
    Some((path, code.size() + 8))
}

fn totp(secret: [u8; 20], email: &str) -> Option<Totp> {
    let name = if email.is_empty() {
        "pgo".to_owned()
    } else {
        email.replace(':', "")
    };
    Builder::new()
        .with_secret(secret)
        .with_account_name(name)
        .with_issuer(Some("Voorbeeld-PGO"))
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn rfc_6238_the_codes_are_those_of_its_appendix() {
        // appendix B, SHA-1, the last six of eight digits
        let secret = *b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, seconds / STEP).as_deref(), Some(expected));
            assert_eq!(check(secret, expected, at(seconds)), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_code_is_right_one_step_around_now_and_may_be_pasted_with_a_space() {
        let secret = *b"12345678901234567890";
        for (seconds, right) in [(-61, false), (-30, true), (0, true), (30, true), (61, false)] {
            let now = at(1_111_111_109_u64.checked_add_signed(seconds).unwrap());
            assert_eq!(check(secret, " 081 804", now).is_some(), right, "{seconds}");
        }
        for wrong in ["", "08180", "0818041", "08180a", "०८१८०४", "081805"] {
            assert_eq!(check(secret, wrong, at(1_111_111_109)), None, "{wrong}");
        }
    }

    #[test]
    fn the_key_can_be_read_and_the_qr_code_holds_it() {
        let secret = *b"12345678901234567890";
        assert_eq!(key_text(secret), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let address = address(secret, "w@example.nl").unwrap();
        assert!(address.starts_with("otpauth://totp/"), "{address}");
        assert!(address.contains("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        let (path, width) = qr(&address).unwrap();
        assert!(path.starts_with("M4,4h1v1h-1z") && width > 30);
    }
}
