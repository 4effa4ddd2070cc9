// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the table does not have: written by its shape, and reported.

use medmij_types::json::{Kind, Value};

use super::{OddityKind, Of, Writer, XmlError, items};

impl Writer {
    /// A member that the table does not have: written by its shape, and reported.
    pub(super) fn unknown(&mut self, object: Value<'_>, member: Value<'_>, is_expected: bool) -> Result<(), XmlError> {
        let name = member.name().unwrap_or_default();
        let bare = name.strip_prefix('_').unwrap_or(&name);
        let range = member.member_range().unwrap_or_default();
        self.path.push((name.to_string(), None));
        let is_name = bare.starts_with(|c: char| c.is_ascii_alphabetic())
            && bare.len() <= 64
            && bare
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !is_expected || !is_name {
            self.oddity(OddityKind::UnknownElement, range);
        }
        // a companion is written with its value, where that is there
        if is_name && (bare.len() == name.len() || object.member(bare).is_none()) {
            let (value, companion) = if bare.len() == name.len() {
                (Some(member), object.member(&format!("_{name}")))
            } else {
                (None, Some(member))
            };
            let values = items(value);
            let companions = items(companion);
            for index in 0..values.len().max(companions.len()) {
                let value = values.get(index).copied().filter(|item| !item.is_null());
                let companion = companions.get(index).copied().filter(|item| !item.is_null());
                self.shape(bare, value, companion)?;
            }
        }
        self.path.pop();
        Ok(())
    }

    /// Writes a value as its shape says.
    pub(super) fn shape(
        &mut self,
        name: &str,
        value: Option<Value<'_>>,
        companion: Option<Value<'_>>,
    ) -> Result<(), XmlError> {
        match value.map(|value| (value.kind(), value)) {
            Some((Kind::Object, value))
                if value
                    .member("resourceType")
                    .is_some_and(|kind| kind.kind() == Kind::String) =>
            {
                self.wrapped(name, value)
            }
            Some((Kind::Object, value)) => self.complex(name, value, Of::Shape),
            Some((Kind::Array, value)) => value.items().try_for_each(|item| self.shape(name, Some(item), None)),
            _ => self.primitive(name, value, companion, Of::Shape),
        }
    }
}
