// SPDX-License-Identifier: AGPL-3.0-or-later
//! Attributes and namespace declarations that are, or are not, allowed where they stand.

use crate::{
    family::Family,
    rng::Rng,
    tree::{Element, Style},
};

pub(super) fn attributes(root: &mut Element, family: Family, style: &Style, rng: &mut Rng) {
    let ours = style.prefix.as_deref().map_or(String::new(), |p| format!("{p}:"));
    let e = root.any(rng);
    let name = e.name.clone();
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let options = [
        "id='1'".to_owned(),
        "xml:lang='nl'".to_owned(),
        "xml:space='preserve'".to_owned(),
        format!("{xsi} xsi:nil='true'"),
        format!("{xsi} xsi:nil='false'"),
        format!("{xsi} xsi:type='{ours}{name}'"),
        format!("{xsi} xsi:type='{name}'"),
        format!("{xsi} xsi:type=' {ours}{name}\n'"),
        format!("{xsi} xsi:type='xs:string' xmlns:xs='http://www.w3.org/2001/XMLSchema'"),
        format!("{xsi} xsi:type='p:{name}' xmlns:p='{}'", family.namespace()),
        format!("{xsi} xsi:type='p:{name}'"),
        format!("{xsi} xsi:type=''"),
        format!("{xsi} xsi:other='x'"),
        format!("{xsi} xsi:schemaLocation='' xsi:noNamespaceSchemaLocation='a b'"),
        "a='1' a='2'".to_owned(),
        "p:a='1' q:a='2' xmlns:p='urn:x' xmlns:q='urn:x'".to_owned(),
        "p:a='1'".to_owned(),
        "xmlns:p=''".to_owned(),
        "xmlns:xml='http://www.w3.org/XML/1998/namespace'".to_owned(),
        "xmlns:xml='urn:x'".to_owned(),
        "xmlns:p='http://www.w3.org/XML/1998/namespace'".to_owned(),
        "xmlns:xmlns='urn:x'".to_owned(),
        "xmlns:p='http://www.w3.org/2000/xmlns/'".to_owned(),
        "xmlns:p='urn:x' xmlns:p='urn:y'".to_owned(),
        "a:b:c='1'".to_owned(),
        "xmlns:a:b='urn:x'".to_owned(),
        format!("{xsi} xsi:type=':{name}'"),
        format!(
            "{xsi} xmlns:i='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b' i:schemaLocation='a b'"
        ),
        "a".to_owned(),
        "a=1".to_owned(),
        "a='<'".to_owned(),
        "a='&lt;'".to_owned(),
        "a='&onbekend;'".to_owned(),
        "a='&'".to_owned(),
        "a='&#1;'".to_owned(),
        "a='1'b='2'".to_owned(),
        "1a='x'".to_owned(),
        ":a='x'".to_owned(),
        "a:='x'".to_owned(),
        "a = \"1\"".to_owned(),
        "a='1\"'".to_owned(),
        format!("xmlns:p='{}'", " x y "),
        format!("xmlns:q='{}&#x2F;'", family.namespace().trim_end_matches('/')),
    ];
    let chosen = rng.pick(&options).clone();
    e.attributes.push(chosen);
}
