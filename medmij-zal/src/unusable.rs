// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values that the schema lets pass and that must not be used.

use std::{error::Error, fmt};

use medmij_types::Printable;

/// A value of the list that cannot be used: an address with port 99999, an id with a space, an element that is not
/// there. The list loads; whoever asks for the value gets this.
///
/// ```
/// # use medmij_zal::{ReadOptions, Snapshot, Zorgaanbiederslijst};
/// # let xml = medmij_zal::doc_example().replace("dvza.example.nl/token", "dvza.example.nl:99999/token");
/// # let list = Snapshot::<Zorgaanbiederslijst>::read(xml.into_bytes(), &ReadOptions::default()).unwrap();
/// # let service = list.zorgaanbieders().next().unwrap().interfaceversies().next().unwrap().gegevensdiensten().next().unwrap();
/// let error = service.token_endpoint().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the TokenEndpointuri \"https://dvza.example.nl:99999/token\" of umcharderwijk@medmij, gegevensdienst 48, cannot be \
///      used: port of the URI is not a number from 1 to 65535"
/// );
/// ```
#[derive(Debug)]
pub struct Unusable {
    element: &'static str,
    value: Option<String>,
    of: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Unusable {
    pub(crate) fn absent(element: &'static str, of: String) -> Self {
        Self {
            element,
            value: None,
            of,
            cause: None,
        }
    }

    pub(crate) fn new(
        element: &'static str,
        value: &str,
        of: String,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            element,
            value: Some(Printable::new(value).max_chars(200).to_string()),
            of,
            cause: Some(cause.into()),
        }
    }

    /// The element, as `TokenEndpointuri`.
    #[must_use]
    pub const fn element(&self) -> &'static str {
        self.element
    }

    /// Whether the element was not there at all.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.value.is_none()
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.value, &self.cause) {
            (Some(value), Some(cause)) => {
                write!(
                    f,
                    "the {} \"{value}\" of {}, cannot be used: {cause}",
                    self.element, self.of
                )
            }
            _ => write!(f, "there is no {} for {}", self.element, self.of),
        }
    }
}

impl Error for Unusable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
