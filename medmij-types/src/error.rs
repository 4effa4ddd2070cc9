// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a text is none of the values of this crate: one error for all of them, a variant for each rule.

/// The rule that a text breaks, named after the type whose rule it is. It never holds the text.
///
/// ```
/// use medmij_types::{Bsn, Hostname, ValueError};
///
/// assert_eq!(Hostname::parse("localhost"), Err(ValueError::HostnameSingleLabel));
/// assert_eq!(Bsn::parse("123456789").err(), Some(ValueError::BsnElevenTest));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// A character other than `a`–`z`, `0`–`9`, `-`, `&` and `.`.
    #[error("Aanbiedernaam holds a character other than a-z, 0-9, '-', '&' and '.'")]
    AanbiedernaamCharacter,
    /// Fewer than 3 characters before the suffix.
    #[error("Aanbiedernaam has fewer than 3 characters before '@medmij'")]
    AanbiedernaamTooShort,
    /// More than 50 characters before the suffix.
    #[error("Aanbiedernaam has more than 50 characters before '@medmij'")]
    AanbiedernaamTooLong,
    /// An `@` that does not start the suffix `@medmij`.
    #[error("Aanbiedernaam has a suffix other than '@medmij'")]
    AanbiedernaamSuffix,
    /// A segment that is empty or starts with a digit.
    #[error("Aanbiedernaam has a segment between '-', '&' and '.' that does not start with a letter")]
    AanbiedernaamSegment,
    /// More than four digits in a row.
    #[error("Aanbiedernaam has more than four digits in a row")]
    AanbiedernaamDigits,
    /// Not nine ASCII digits.
    #[error("BSN does not have nine digits")]
    BsnForm,
    /// The elfproef fails.
    #[error("BSN fails the elfproef")]
    BsnElevenTest,
    /// Not 1 to 30 characters.
    #[error("GegevensdienstId does not have 1 to 30 characters")]
    GegevensdienstIdLength,
    /// A character that cannot occur in a scope.
    #[error(
        "GegevensdienstId holds a character other than A-Z, a-z, 0-9, '.', '_' and '-', or starts with one of the last three"
    )]
    GegevensdienstIdCharacter,
    /// Not 1 to 30 characters.
    #[error("Systeemrolcode does not have 1 to 30 characters")]
    SysteemrolcodeLength,
    /// A control character.
    #[error("Systeemrolcode holds a control character")]
    SysteemrolcodeControl,
    /// Not of the form `YYYY-MM-DD`.
    #[error("date is not of the form YYYY-MM-DD")]
    CalendarDateForm,
    /// There is no such day.
    #[error("date names a day that does not exist")]
    CalendarDateRange,
    /// The text is empty.
    #[error("host name is empty")]
    HostnameEmpty,
    /// More than 253 characters.
    #[error("host name is longer than 253 characters")]
    HostnameTooLong,
    /// A character other than `a`–`z`, `0`–`9`, `-` and `.`.
    #[error("host name holds a character other than a-z, 0-9, '-' and '.'")]
    HostnameCharacter,
    /// Two dots in a row, or a dot at the start or the end.
    #[error("host name has an empty label")]
    HostnameEmptyLabel,
    /// A label of more than 63 characters.
    #[error("host name has a label longer than 63 characters")]
    HostnameLabelTooLong,
    /// A label that starts or ends with `-`.
    #[error("host name has a label that starts or ends with '-'")]
    HostnameHyphen,
    /// Only one label.
    #[error("host name is not fully qualified: it has one label")]
    HostnameSingleLabel,
    /// A last label of one character, which the schemas refuse.
    #[error("last label of the host name has one character")]
    HostnameShortTopLabel,
    /// A last label of digits only, as in an IPv4 address.
    #[error("last label of the host name is a number")]
    HostnameNumericTopLabel,
    /// Not 1 to 30 characters.
    #[error("InterfaceversieId does not have 1 to 30 characters")]
    InterfaceversieIdLength,
    /// White space or a control character.
    #[error("InterfaceversieId holds white space or a control character")]
    InterfaceversieIdCharacter,
    /// Not 3 to 50 characters.
    #[error("name does not have 3 to 50 characters")]
    NameLength,
    /// A control character.
    #[error("name holds a control character")]
    NameControl,
    /// The text names no [`Release`](crate::Release).
    #[error("not a release of the Afsprakenstelsel from 1.0 to 2.2")]
    Release,
    /// The text is no UUID of the form `8-4-4-4-12` hexadecimal digits.
    #[error("not a UUID")]
    Uuid,
    /// The value is empty.
    #[error("value is empty")]
    SecretEmpty,
    /// The value is longer than 8192 bytes.
    #[error("value is longer than 8192 bytes")]
    SecretTooLong,
    /// A character outside the alphabet.
    #[error("value holds a character outside its alphabet")]
    SecretCharacter,
    /// Not of the form of `xs:dateTime`.
    #[error("Tijdstempel is not of the form YYYY-MM-DDThh:mm:ss with a time zone")]
    TijdstempelForm,
    /// There is no such day, time or zone.
    #[error("Tijdstempel names a day, time or zone that does not exist")]
    TijdstempelRange,
    /// Fewer than 20 characters, so without a time zone.
    #[error("Tijdstempel has no time zone")]
    TijdstempelNoZone,
    /// A year beyond 64 bits.
    #[error("Tijdstempel has a year that is too large")]
    TijdstempelYearTooLarge,
    /// Longer than 2048 characters.
    #[error("URI is longer than 2048 characters")]
    UriTooLong,
    /// Does not start with `https://` in lower case.
    #[error("URI does not start with 'https://'")]
    UriScheme,
    /// User information before the host.
    #[error("URI holds user information")]
    UriUserInfo,
    /// A port on the front channel.
    #[error("URI on the front channel has a port")]
    UriPortNotAllowed,
    /// A port that is not 1 to 65535 in ASCII digits without a leading zero.
    #[error("port of the URI is not a number from 1 to 65535")]
    UriPort,
    /// Two slashes in a row.
    #[error("path of the URI has an empty segment")]
    UriEmptySegment,
    /// A segment `.` or `..`, also percent-encoded, which others would resolve away.
    #[error("path of the URI has a '.' or '..' segment")]
    UriDotSegment,
    /// A character that RFC 3986 section 3.3 or 3.4 does not allow there, or a broken percent-encoding.
    #[error("path or query of the URI holds a character that RFC 3986 does not allow")]
    UriCharacter,
    /// A fragment.
    #[error("URI has a fragment")]
    UriFragment,
    /// Not an integer without a minus sign.
    #[error("Volgnummer is not a positive whole number")]
    VolgnummerNotANumber,
    /// Zero.
    #[error("Volgnummer is zero")]
    VolgnummerZero,
    /// Beyond 64 bits.
    #[error("Volgnummer is larger than 18446744073709551615")]
    VolgnummerTooLarge,
}
