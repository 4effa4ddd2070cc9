// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rules that a document can break, each with a code that stays the same.

use std::fmt;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// A rule that a document broke.
        ///
        /// The code says where the rule comes from: `xml` (well-formedness), `ns` (Namespaces in XML 1.0), `schema` (the
        /// XML Schema of the list), `list` (which list it is), `limit` (our own limits).
        ///
        /// ```
        /// use medmij_list::Rule;
        ///
        /// assert_eq!(Rule::Unique.code(), "schema.unique");
        /// assert_eq!(Rule::from_code("xml.doctype"), Some(Rule::Doctype));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Rule {
            /// All rules, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What the rule says, in one sentence.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)+
                }
            }

            /// The code; it never changes.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

rules! {
    /// Bytes that are no UTF-8, or the byte order mark of another encoding.
    Encoding = "xml.encoding",
    /// The XML declaration names an encoding other than UTF-8.
    DeclaredEncoding = "xml.declared-encoding",
    /// The XML declaration is not of its form.
    Declaration = "xml.declaration",
    /// An XML declaration that is not at the very beginning.
    DeclarationPlace = "xml.declaration-place",
    /// A document type declaration: never accepted.
    Doctype = "xml.doctype",
    /// A character that XML 1.0 does not allow, also when written as a reference.
    Character = "xml.character",
    /// There is no root element.
    NoRoot = "xml.no-root",
    /// More than one root element.
    SecondRoot = "xml.second-root",
    /// Text, a reference or CDATA before or after the root element.
    OutsideRoot = "xml.outside-root",
    /// The document ends in the middle of an element or of markup.
    Truncated = "xml.truncated",
    /// An end tag that is not the one of the open element.
    EndTag = "xml.end-tag",
    /// Markup that is none of tag, comment, CDATA or processing instruction.
    Markup = "xml.markup",
    /// A name that XML does not allow.
    Name = "xml.name",
    /// Attributes that are not written as `name="value"` with white space before each.
    Attribute = "xml.attribute",
    /// The same attribute twice on one tag.
    DuplicateAttribute = "xml.duplicate-attribute",
    /// A reference that is not of its form, or a lone `&`.
    Reference = "xml.reference",
    /// A reference to an entity other than the five of XML.
    Entity = "xml.entity",
    /// `]]>` in text.
    CdataEnd = "xml.cdata-end",
    /// `--` in a comment.
    Comment = "xml.comment",
    /// A processing instruction without a target, or with a reserved one.
    ProcessingInstruction = "xml.processing-instruction",
    /// A prefix that was not declared.
    Prefix = "ns.prefix",
    /// A name with more than one colon, or with one at an end.
    QualifiedName = "ns.qualified-name",
    /// A declaration of the prefixes or names that XML keeps for itself, or of a prefix for no namespace.
    Declared = "ns.declaration",
    /// The document is larger than the limit.
    Size = "limit.size",
    /// Elements deeper inside each other than the limit.
    Depth = "limit.depth",
    /// More attributes on one tag than the limit.
    Attributes = "limit.attributes",
    /// More namespace declarations on one tag than the limit.
    Namespaces = "limit.namespaces",
    /// A value, name or attribute longer than the limit.
    Value = "limit.value",
    /// The root element is not the one of this list.
    Root = "list.root",
    /// A namespace that no known release of this list has.
    Namespace = "list.namespace",
    /// A shape that a later file version replaced, and that was not asked for.
    OldShape = "list.old-shape",
    /// An element that must not occur here.
    UnexpectedElement = "schema.unexpected-element",
    /// An element that must occur here is not there.
    MissingElement = "schema.missing-element",
    /// Text between elements.
    Text = "schema.text",
    /// An attribute; the lists have none of their own.
    OtherAttribute = "schema.attribute",
    /// `xsi:nil`; no element of the lists may have it.
    Nil = "schema.nil",
    /// `xsi:type` that names another type.
    Type = "schema.type",
    /// An element inside a value.
    ElementInValue = "schema.element-in-value",
    /// A value that is no moment.
    DateTime = "schema.date-time",
    /// A value that is no number of the asked kind.
    Number = "schema.number",
    /// A number that is more than 64 bits hold.
    NumberTooLarge = "schema.number-too-large",
    /// A value that is too short or too long.
    Length = "schema.length",
    /// A value that is not of the asked form.
    Pattern = "schema.pattern",
    /// A value that is none of the allowed ones.
    Enumeration = "schema.enumeration",
    /// A key that another entry has already.
    Unique = "schema.unique",
}

impl Rule {
    /// The rule with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }

    /// What to do about it, for whoever has to mend or fetch the document; `None` where the message says it all.
    ///
    /// ```
    /// use medmij_list::Rule;
    ///
    /// let help = Rule::Doctype.help();
    /// assert_eq!(help, Some("remove <!DOCTYPE ...>: a list has none, and one could reach for other files"));
    /// ```
    #[must_use]
    pub const fn help(self) -> Option<&'static str> {
        Some(match self {
            Self::Encoding | Self::DeclaredEncoding => {
                "save the file as UTF-8, and let its first line be <?xml version=\"1.0\" encoding=\"UTF-8\"?>"
            }
            Self::DeclarationPlace => {
                "remove everything before <?xml, blank lines too; if two files were joined, take them apart"
            }
            Self::Doctype => "remove <!DOCTYPE ...>: a list has none, and one could reach for other files",
            Self::Truncated | Self::NoRoot => "the file is not complete: fetch or write it again",
            Self::SecondRoot | Self::OutsideRoot => "a file holds one list: look for two files that were joined",
            Self::EndTag => "look for an element that is not closed, or is closed twice, at or before this place",
            Self::Entity => "write the character itself, or a reference by number such as &#233;",
            Self::Prefix => "declare the prefix with xmlns:prefix=\"...\", or write the name without it",
            Self::Size | Self::Depth | Self::Attributes | Self::Namespaces | Self::Value => {
                "no list is like this; if yours has to be, raise the limit where you read it"
            }
            Self::Root => "look whether this is the right file; the kind is found from the root element",
            Self::Namespace => {
                "look whether the release is spelt right; a release that is newer than this program needs its schema \
                 imported as a dialect"
            }
            Self::OldShape => "publish the shape of the newest file version, or ask for old shapes to be read",
            Self::UnexpectedElement | Self::MissingElement => {
                "compare with the schema of the release: names are exact, and elements have a fixed order"
            }
            Self::Text => "remove the text: only the innermost elements hold text",
            Self::OtherAttribute | Self::Nil | Self::Type => "remove the attribute",
            Self::NumberTooLarge => "numbers go up to 18446744073709551615",
            Self::Unique => "remove one of the two, or give it a value of its own",
            _ => return None,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        for rule in Rule::ALL {
            assert_eq!(Rule::from_code(rule.code()), Some(*rule));
        }
    }
}
