// SPDX-License-Identifier: AGPL-3.0-or-later
//! Recovery codes: each replaces one factor once, and the other factor is still asked. They are kept as hashes.

use medmij_types::{Entropy as _, EntropyError, OsEntropy};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How many there are.
const COUNT: usize = 8;
/// Without signs that look like others.
const SIGNS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz#";

/// New codes, to show once: `k7pq-x2mw-9r4t-hd6n`, 80 bits each.
pub(crate) fn new_codes() -> Result<Vec<String>, EntropyError> {
    (0..COUNT).map(|_| new_code()).collect()
}

fn new_code() -> Result<String, EntropyError> {
    let mut code = String::new();
    let mut signs = 0;
    while signs < 16 {
        let mut byte = [0];
        OsEntropy.fill(&mut byte)?;
        let [byte] = byte;
        let Some(sign) = SIGNS.get(usize::from(byte % 32)).filter(|sign| **sign != b'#') else {
            continue;
        };
        if signs > 0 && signs % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(*sign));
        signs += 1;
    }
    Ok(code)
}

/// What is kept of a code: its hash is enough, since the code is random.
pub(crate) fn hash(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Sha256::digest(plain.as_bytes()).into()
}

/// Takes a code out of those that are left; whether it was one of them.
pub(crate) fn take(left: &mut Vec<[u8; 32]>, code: &str) -> bool {
    let given = hash(code);
    let before = left.len();
    left.retain(|each| !bool::from(each.as_slice().ct_eq(given.as_slice())));
    left.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_however_it_is_typed() {
        let codes = new_codes().unwrap();
        let mut left: Vec<_> = codes.iter().map(|code| hash(code)).collect();
        assert_eq!(codes.len(), 8);
        assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
        assert!(!take(&mut left, "") && !take(&mut left, "----"));
        assert!(take(&mut left, &codes[3].to_uppercase().replace('-', " ")));
        assert!(!take(&mut left, &codes[3]));
        assert_eq!(left.len(), 7);
    }
}
