// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names that are shown to people: of a Gegevensdienst (GNL) and of a DVP (OCL).

use crate::{ValueError, is_printable, lexical};

checked_text! {
    /// The user-friendly name of a Gegevensdienst on the Gegevensdienstnamenlijst: 3 to 50 characters, counted as code
    /// points, none of them a control character. Not unique: two ids may have one name.
    ///
    /// A name is text from a list: escape it wherever it is shown.
    ///
    /// ```
    /// use medmij_types::{ValueError, Weergavenaam};
    ///
    /// assert_eq!(Weergavenaam::parse("Basisgegevens Zorg")?.as_str(), "Basisgegevens Zorg");
    /// assert_eq!(Weergavenaam::parse("😀😀"), Err(ValueError::NameLength));
    /// # Ok::<(), ValueError>(())
    /// ```
    Weergavenaam, ValueError, check,
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`ValueError::NameLength`] or [`ValueError::NameControl`].
}

checked_text! {
    /// The `OAuthclientOrganisatienaam` of a DVP on the OAuth Client List, as the Toestemmingsverklaring shows it: 3 to 50
    /// characters, counted as code points, none of them a control character. Not unique.
    ///
    /// A name is text from a list: escape it wherever it is shown.
    ///
    /// ```
    /// use medmij_types::Organisatienaam;
    ///
    /// assert!(Organisatienaam::parse("De Enige Echte PGO").is_ok());
    /// assert!(Organisatienaam::parse("PG").is_err());
    /// ```
    Organisatienaam, ValueError, check,
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`ValueError::NameLength`] or [`ValueError::NameControl`].
}

impl Organisatienaam {
    /// A name of a list as it can be shown: white space folded into single spaces, characters that show nothing left out.
    /// `None` where no name is left; the schema lets more pass than can be shown.
    ///
    /// ```
    /// use medmij_types::Organisatienaam;
    ///
    /// let name = Organisatienaam::folded("De Enige\n      Echte\u{200b} PGO");
    /// assert_eq!(name, Organisatienaam::parse("De Enige Echte PGO").ok());
    /// assert_eq!(Organisatienaam::folded("   "), None);
    /// ```
    #[must_use]
    pub fn folded(text: &str) -> Option<Self> {
        let seen: String = text.chars().filter(|c| c.is_whitespace() || is_printable(*c)).collect();
        let words: Vec<&str> = seen.split_whitespace().collect();
        Self::parse(&words.join(" ")).ok()
    }
}

fn check(text: &str) -> Result<&str, ValueError> {
    if !lexical::has_length(text, 3, 50) {
        return Err(ValueError::NameLength);
    }
    if text.chars().any(char::is_control) {
        return Err(ValueError::NameControl);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_characters() {
        assert!(Weergavenaam::parse(&"é".repeat(50)).is_ok());
        assert_eq!(Weergavenaam::parse(&"é".repeat(51)), Err(ValueError::NameLength));
        assert_eq!(Organisatienaam::parse("ab"), Err(ValueError::NameLength));
        assert_eq!(Organisatienaam::parse("a\nb"), Err(ValueError::NameControl));
    }
}
