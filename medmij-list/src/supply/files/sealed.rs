// SPDX-License-Identifier: AGPL-3.0-or-later
//! Small files that know whether they are whole: a mark, one line of JSON, its checksum (security L12).

use serde::{Serialize, de::DeserializeOwned};

use crate::supply::{Sha256Sum, StorageError};

/// What can be sealed.
pub(crate) trait Sealed: Serialize + DeserializeOwned {
    /// The first line: what it is and in which form.
    const MARK: &'static str;
}

/// The file.
pub(crate) fn seal<T: Sealed>(value: &T) -> Result<Vec<u8>, StorageError> {
    let json = serde_json::to_string(value).map_err(|e| StorageError::new("cannot write as JSON", e))?;
    let mark = T::MARK;
    let sum = Sha256Sum::of(format!("{mark}\n{json}\n").as_bytes());
    Ok(format!("{mark}\n{json}\n{sum}\n").into_bytes())
}

/// What was sealed; `None` where the file is damaged or something else.
pub(crate) fn open<T: Sealed>(file: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(file).ok()?;
    let mut lines = text.lines();
    let (mark, json, sum) = (lines.next()?, lines.next()?, lines.next()?);
    let whole = mark == T::MARK && Sha256Sum::parse(sum) == Ok(Sha256Sum::of(format!("{mark}\n{json}\n").as_bytes()));
    if whole { serde_json::from_str(json).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, serde::Deserialize, Debug, PartialEq)]
    struct Number(u64);

    impl Sealed for Number {
        const MARK: &'static str = "number 1";
    }

    #[test]
    fn l12_each_changed_or_missing_byte_is_noticed() {
        let file = seal(&Number(41)).unwrap();
        assert_eq!(open(&file), Some(Number(41)));
        for at in 0..file.len() - 1 {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(open::<Number>(&changed), None, "byte {at}");
            assert_eq!(open::<Number>(&file[..at]), None, "cut at {at}");
        }
    }
}
