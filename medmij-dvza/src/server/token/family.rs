// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — what a refresh token carries: its grant, its generation, 256 random bits, and a MAC by which any older
//! one of the grant is recognised without a row of its own.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use medmij_types::{Entropy, EntropyError, RefreshToken, State};
use sha2::Sha256;

use crate::{server::flow::FamilyKey, store::GrantId};

/// What a refresh token says about itself; [`is_genuine`] says whether that is true.
pub(super) struct Claimed {
    pub(super) grant: GrantId,
    pub(super) generation: u32,
}

/// A new refresh token of a grant: `grant.generation.random.mac`.
pub(super) fn draw(
    key: &FamilyKey,
    grant: &GrantId,
    generation: u32,
    entropy: &dyn Entropy,
) -> Result<RefreshToken, EntropyError> {
    let random = State::random(entropy)?;
    let claim = format!("{grant}.{generation}.{}", random.expose());
    let mac = mac(key, &claim).map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    // a key of 32 bytes is always one for HMAC, and the token is made of characters that a token may have
    let token = RefreshToken::from_wire(format!("{claim}.{}", mac.ok_or(EntropyError)?));
    token.map_err(|_| EntropyError)
}

/// Reads what a token claims; `None` where it is none of ours.
pub(super) fn claimed(token: &RefreshToken) -> Option<Claimed> {
    let mut parts = token.expose().split('.');
    let (grant, generation) = (GrantId::parse(parts.next()?)?, parts.next()?.parse().ok()?);
    Some(Claimed { grant, generation })
}

/// Whether a token was issued for the grant with this key.
pub(super) fn is_genuine(key: &FamilyKey, token: &RefreshToken) -> bool {
    let Some((claim, tag)) = token.expose().rsplit_once('.') else {
        return false;
    };
    match (mac(key, claim), URL_SAFE_NO_PAD.decode(tag)) {
        (Some(mac), Ok(tag)) => mac.verify_slice(&tag).is_ok(),
        _ => false,
    }
}

fn mac(key: &FamilyKey, claim: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(b"medmij refresh token\0");
    mac.update(claim.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;

    #[test]
    fn core_tknint_208_a_refresh_token_carries_its_grant_and_generation_and_nobody_can_change_them() {
        let (key, other) = (
            FamilyKey::random(&OsEntropy).unwrap(),
            FamilyKey::random(&OsEntropy).unwrap(),
        );
        let grant = GrantId::random(&OsEntropy).unwrap();
        let token = draw(&key, &grant, 7, &OsEntropy).unwrap();
        let claim = claimed(&token).unwrap();
        assert_eq!((claim.grant, claim.generation), (grant, 7));
        assert!(is_genuine(&key, &token) && !is_genuine(&other, &token));
        for changed in [
            token.expose().replacen(".7.", ".8.", 1),
            token.expose()[1..].to_owned(),
            format!("{}A", token.expose()),
            token.expose().rsplit_once('.').unwrap().0.to_owned(),
            "x".to_owned(),
        ] {
            let changed = RefreshToken::from_wire(changed).unwrap();
            assert!(!is_genuine(&key, &changed), "{}", changed.expose());
        }
        for none in ["x", "x.1.y.z", "a.b.c.d", "...."] {
            assert!(claimed(&RefreshToken::from_wire(none).unwrap()).is_none(), "{none}");
        }
    }
}
