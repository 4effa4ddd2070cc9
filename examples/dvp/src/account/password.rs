// SPDX-License-Identifier: AGPL-3.0-or-later
//! A.9.4.1, what the Persoon knows: a password, kept as argon2id. Long rather than odd: no rules about signs, paste is fine.

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use medmij_types::{Entropy as _, EntropyError, OsEntropy};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// The fewest characters.
pub(crate) const SHORTEST: usize = 12;
/// The most, so that nobody makes the server work for nothing.
const LONGEST: usize = 200;
/// A hash takes 19 MiB: at most so many at once.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weak {
    Short,
    Long,
    Common,
    HoldsEmail,
}

/// Whether a new password can be taken.
pub(crate) fn check(password: &str, email: &str) -> Result<(), Weak> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    if length < SHORTEST {
        return Err(Weak::Short);
    }
    if length > LONGEST {
        return Err(Weak::Long);
    }
    let distinct = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
    if distinct < 5 || COMMON.iter().any(|common| lower.starts_with(common)) {
        return Err(Weak::Common);
    }
    let name = email.split('@').next().unwrap_or_default().to_lowercase();
    if name.chars().count() > 3 && lower.contains(&name) {
        return Err(Weak::HoldsEmail);
    }
    Ok(())
}

/// What the most used long passwords begin with. A supplier takes a list of leaked ones beside it.
const COMMON: [&str; 10] = [
    "wachtwoord",
    "welkom",
    "password",
    "qwerty",
    "123456",
    "iloveyou",
    "abcdef",
    "geheim",
    "medmij",
    "mijnpgo",
];

/// The hash to keep: argon2id, version 19, 19 MiB, 2 passes, a random salt.
pub(crate) async fn hash(password: &str) -> Result<String, EntropyError> {
    let mut salt = [0; 16];
    OsEntropy.fill(&mut salt)?;
    let password = Zeroizing::new(password.to_owned());
    let _turn = AT_ONCE.acquire().await;
    let hashed = tokio::task::spawn_blocking(move || {
        let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        hashed.map(|hash| hash.to_string()).unwrap_or_default()
    });
    // an empty hash matches nothing
    Ok(hashed.await.unwrap_or_default())
}

/// Whether it is that password. Without a hash it takes as long and is never right, so that nobody learns who has an account.
pub(crate) async fn verify(password: &str, hash: Option<&str>) -> bool {
    if password.chars().count() > LONGEST {
        return false;
    }
    let password = Zeroizing::new(password.to_owned());
    let (known, hash) = (hash.is_some(), hash.unwrap_or(NOBODY).to_owned());
    let _turn = AT_ONCE.acquire().await;
    let verified = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .verify_password(password.as_bytes(), hash.as_str())
            .is_ok()
    });
    verified.await.unwrap_or_default() && known
}

/// A hash of the same cost that belongs to no password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWVkbWlqLXBnby1ub2JvZHk$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_9_4_1_a_password_is_kept_as_argon2id_and_nobody_has_none() {
        let stored = hash("een zin die ik onthoud").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hash("een zin die ik onthoud").await.unwrap());
        assert!(verify("een zin die ik onthoud", Some(&stored)).await);
        for wrong in ["een zin die ik vergat", "", &"x".repeat(300)] {
            assert!(!verify(wrong, Some(&stored)).await, "{wrong}");
        }
        assert!(!verify("een zin die ik onthoud", None).await);
        assert!(!verify("", Some("")).await);
    }

    #[test]
    fn a_password_is_long_and_not_common_and_has_no_rules_about_signs() {
        let cases = [
            ("kort", Err(Weak::Short)),
            ("elf tekens!", Err(Weak::Short)),
            ("aaaaaaaaaaaaaaa", Err(Weak::Common)),
            ("Welkom01Welkom01", Err(Weak::Common)),
            ("bij willemijn thuis", Err(Weak::HoldsEmail)),
            ("vier gele fietsen", Ok(())),
            ("žlutý kůň běží", Ok(())),
        ];
        for (password, expected) in cases {
            assert_eq!(check(password, "willemijn@example.nl"), expected, "{password}");
        }
        assert_eq!(check(&"ab1 ".repeat(51), "a@b.nl"), Err(Weak::Long));
    }
}
