// SPDX-License-Identifier: AGPL-3.0-or-later
//! The values that are written: like those of a DVZA in size, each code and token new.

use std::{fmt::Write as _, time::Duration};

use medmij_dvza::store::{
    AuditEntry, AuditKind, FlowId, Grant, GrantId, NewAccess, NewFlow, NewGrant, NewRefresh, Redeem,
};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{Aanbiedernaam, Entropy as _, GegevensdienstId, Hostname, OsEntropy};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A code and what it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) code: SecretHash,
    pub(crate) binding: SecretHash,
}

impl Code {
    /// Two hashes in hex.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (code, binding) = line.trim().split_once(' ')?;
        Some(Self {
            code: from_hex(code)?,
            binding: from_hex(binding)?,
        })
    }

    pub(crate) fn to_line(self) -> String {
        format!("{} {}", to_hex(&self.code), to_hex(&self.binding))
    }
}

/// A flow as a server keeps it: half a kilobyte, sealed.
pub(crate) fn flow() -> Result<NewFlow, Failure> {
    Ok(NewFlow::new(FlowId::random(&OsEntropy)?, hash()?, body()?, QUARTER))
}

/// A grant that ends this flow, of one of very many Persons.
pub(crate) fn grant(flow: FlowId, langdurig: bool) -> Result<(NewGrant, Code), Failure> {
    let persoon = PersoonIndex::from_bytes(*hash()?.as_bytes());
    let (aanbieder, client) = (
        Aanbiedernaam::parse("eenofanderezorgaanbieder")?,
        ClientId::parse(CLIENT)?,
    );
    let id = GrantId::random(&OsEntropy)?;
    let audit = AuditEntry::new(
        AuditKind::Consented,
        persoon,
        Some(aanbieder.clone()),
        client.clone(),
        "eenofanderezorgaanbieder",
        "load",
    );
    let audit = audit.of_grant(id.clone());
    let grant = Grant::new(id, persoon, Some(aanbieder), client, langdurig, body()?);
    let code = Code {
        code: hash()?,
        binding: hash()?,
    };
    let new = NewGrant::new(grant, code.code, code.binding, QUARTER, (flow, 1), audit);
    Ok((new, code))
}

/// What a code is redeemed with.
pub(crate) fn redeem(binding: SecretHash) -> Result<Redeem, Failure> {
    let (client, names) = (ClientId::parse(CLIENT)?, vec![Hostname::parse(CLIENT)?]);
    let access = NewAccess::new(hash()?, QUARTER, vec![GegevensdienstId::parse("48")?]);
    Ok(Redeem::new(client, binding, names, access).with_refresh(NewRefresh::new(hash()?, 1, HALF_YEAR)))
}

pub(crate) fn to_hex(hash: &SecretHash) -> String {
    hash.as_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

pub(crate) fn from_hex(hex: &str) -> Option<SecretHash> {
    let digits = hex.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = digits
        .0
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    Some(SecretHash::from_bytes(bytes?.try_into().ok()?))
}

fn hash() -> Result<SecretHash, Failure> {
    let mut bytes = [0; 32];
    OsEntropy.fill(&mut bytes)?;
    Ok(SecretHash::from_bytes(bytes))
}

fn body() -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; 512];
    OsEntropy.fill(&mut bytes)?;
    Ok(bytes)
}

const CLIENT: &str = "pgo.example.nl";
const QUARTER: Duration = Duration::from_secs(900);
const HALF_YEAR: Duration = Duration::from_secs(182 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_travels_as_a_line() {
        let (_, code) = grant(FlowId::random(&OsEntropy).unwrap(), false).unwrap();
        assert_eq!(Code::parse(&code.to_line()), Some(code));
        assert_eq!(Code::parse("12 34"), None);
    }
}
