// SPDX-License-Identifier: AGPL-3.0-or-later
//! Documents that no chance makes: corners at which processors of XML were seen to differ, one document each. They stand
//! beside the mutants in every run.

use crate::{family::Family, mutate::Mutant};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A Whitelist with these things in it.
#[derive(Clone, Copy)]
struct Whitelist<'a> {
    before: &'a str,
    attributes: &'a str,
    moment: &'a str,
    nodes: &'a str,
}

const PLAIN: Whitelist<'static> = Whitelist {
    before: "",
    attributes: "",
    moment: "2026-03-29T12:00:00Z",
    nodes: "",
};

impl Whitelist<'_> {
    fn write(self) -> String {
        let Whitelist {
            before,
            attributes,
            moment,
            nodes,
        } = self;
        format!(
            "{before}<Whitelist xmlns=\"{}\"{attributes}><Tijdstempel>{moment}</Tijdstempel><Volgnummer>1</Volgnummer><MedMijNodes>{nodes}</MedMijNodes></Whitelist>",
            Family::Whitelist.namespace()
        )
    }
}

fn node(host: &str) -> String {
    format!("<MedMijNode><Hostname>{host}</Hostname></MedMijNode>")
}

/// All of them; the large ones too, if asked.
pub fn corners(large: bool) -> Vec<Mutant> {
    let mut out = moments();
    out.extend(references());
    out.extend(namespaces());
    out.extend(declarations());
    out.extend(keys());
    out.extend(digits());
    if large {
        out.extend(sizes());
    }
    out
}

fn whitelist(of: Whitelist<'_>) -> Mutant {
    Mutant::new(Family::Whitelist, of.write())
}

/// Fractions of a second, up to where a double becomes the next minute.
fn moments() -> Vec<Mutant> {
    let mut out = Vec::new();
    for digits in [1, 9, 13, 14, 15, 16, 17, 40] {
        for before in ["2026-03-29T23:59:59", "2026-03-29T12:00:59", "2026-03-29T12:00:58"] {
            let moment = format!("{before}.{}Z", "9".repeat(digits));
            out.push(whitelist(Whitelist {
                moment: &moment,
                ..PLAIN
            }));
        }
    }
    out
}

/// Leading zeros of references, digit by digit.
fn references() -> Vec<Mutant> {
    let mut out = Vec::new();
    for zeros in 0..40 {
        for code in ["x6C", "x6c", "108", "x61"] {
            let (mark, digits) = code.split_at(usize::from(code.starts_with('x')));
            let host = format!("a.n&#{mark}{}{digits};", "0".repeat(zeros));
            out.push(whitelist(Whitelist {
                nodes: &node(&host),
                ..PLAIN
            }));
        }
    }
    out
}

fn namespaces() -> Vec<Mutant> {
    let own = Family::Whitelist.namespace();
    let two = format!(" xmlns:i='{XSI}' xmlns:j='{XSI}'");
    let mut out: Vec<Mutant> = [
        format!("{two} i:type='Whitelist' j:type='Whitelist'"),
        format!("{two} i:schemaLocation='a b' j:schemaLocation='c d'"),
        format!("{two} i:type='Whitelist' j:schemaLocation='c d'"),
        format!(" xmlns:i='{XSI}' i:type=':Whitelist'"),
        format!(" xmlns:i='{XSI}' i:type='Whitelist:'"),
        format!(" xmlns:i='{XSI}' xmlns:p='{own}' i:type='p:Whitelist'"),
        format!(" xmlns:i='{XSI}' xmlns:p='{own}' i:type='p:p:Whitelist'"),
        format!(" xmlns:i='{XSI}' i:type='&#87;hitelist'"),
        " xmlns:a:b='urn:x'".to_owned(),
        " xmlns:a='urn:x' xmlns:a:b='urn:y'".to_owned(),
        " xmlns::='urn:x'".to_owned(),
        " xmlns:='urn:x'".to_owned(),
        " xmlns:xmlfoo='urn:x'".to_owned(),
        " xmlns:a='no uri %% at all'".to_owned(),
        format!(" xmlns:{}='urn:x'", "p".repeat(50_000)),
        format!(" xmlns:{}='urn:x'", "p".repeat(50_001)),
    ]
    .iter()
    .map(|attributes| whitelist(Whitelist { attributes, ..PLAIN }))
    .collect();
    for target in [50_000, 50_001] {
        let before = format!("<?{}?>", "p".repeat(target));
        out.push(whitelist(Whitelist {
            before: &before,
            ..PLAIN
        }));
    }
    out
}

fn declarations() -> Vec<Mutant> {
    [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"standalone=\"no\"?>",
        "<?xml version=\"1.0\"standalone=\"no\"?>",
        "<?xml version=\"1.\"?>",
        "<?xml version=\"1.99999999999999999999\"?>",
        "<?xml version=\"10.0\"?>",
        "<?xml version=\"1.0\" encoding=\"UTF8\"?>",
        "<?xml version=\"1.0\" encoding=\"ascii\"?>",
        "<?xml version=\"1.0\" encoding=\"UTF-8 \"?>",
        "<?xml version=\"1.0\"?><!--><!---->",
        "<!--><Zorgaanbiederslijst>-->",
        "<!--->-->",
        "<!-->",
    ]
    .iter()
    .map(|before| whitelist(Whitelist { before, ..PLAIN }))
    .collect()
}

/// The same key again, written in another way, at every place where the way of comparing may change.
fn keys() -> Vec<Mutant> {
    let mut out = Vec::new();
    for count in [1, 7, 8, 9, 20, 255, 256, 257, 600] {
        let nodes: String = (0..count).map(|n| node(&format!("a{n}.nl"))).collect();
        for again in ["a0.nl", "&#x61;0.nl", "<![CDATA[a0]]>.nl", "a0<!-- -->.nl", "a0.nk"] {
            let nodes = format!("{nodes}{}", node(again));
            out.push(whitelist(Whitelist { nodes: &nodes, ..PLAIN }));
        }
    }
    out
}

/// The first and last decimal digits of scripts, and their neighbours, in a port.
fn digits() -> Vec<Mutant> {
    let runs = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe7, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
        0x1040, 0x1369, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1b50, 0xa620, 0xff10, 0x104a0, 0x1d7ce, 0x1d7f6, 0x1e950,
    ];
    runs.iter()
        .flat_map(|first| [first - 1, *first, first + 8, first + 9, first + 10])
        .filter_map(char::from_u32)
        .map(|digit| {
            let namespace = Family::Zal.namespace();
            Mutant::new(
                Family::Zal,
                format!(
                    "<Zorgaanbiederslijst xmlns='{namespace}'><Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>1</Volgnummer>\
                     <Zorgaanbieders><Zorgaanbieder><Zorgaanbiedernaam>abc@medmij</Zorgaanbiedernaam><Gegevensdiensten><Gegevensdienst>\
                     <GegevensdienstId>1</GegevensdienstId><AuthorizationEndpoint><AuthorizationEndpointuri>https://a.nl</AuthorizationEndpointuri>\
                     </AuthorizationEndpoint><TokenEndpoint><TokenEndpointuri>https://a.nl:4{digit}</TokenEndpointuri></TokenEndpoint>\
                     <Systeemrollen><Systeemrol><Systeemrolcode>1</Systeemrolcode><ResourceEndpoint><ResourceEndpointuri>https://a.nl\
                     </ResourceEndpointuri></ResourceEndpoint></Systeemrol></Systeemrollen></Gegevensdienst></Gegevensdiensten>\
                     </Zorgaanbieder></Zorgaanbieders></Zorgaanbiederslijst>"
                ),
            )
        })
        .collect()
}

/// At the limits of libxml2 and ours.
fn sizes() -> Vec<Mutant> {
    let host = |length: usize| node(&format!("{}.nl", "a".repeat(length - 3)));
    let mut out = Vec::new();
    for length in [65_535, 65_536] {
        out.push(whitelist(Whitelist {
            nodes: &host(length),
            ..PLAIN
        }));
        let attributes = format!(" xmlns:i='{XSI}' i:schemaLocation='{}'", "x".repeat(length));
        out.push(whitelist(Whitelist {
            attributes: &attributes,
            ..PLAIN
        }));
    }
    for length in [9_999_990, 10_000_010] {
        let space = " ".repeat(length);
        out.push(whitelist(Whitelist { nodes: &space, ..PLAIN }));
        out.push(whitelist(Whitelist {
            before: &space,
            ..PLAIN
        }));
        out.push(whitelist(Whitelist {
            attributes: &space,
            ..PLAIN
        }));
        let before = format!("<!--{}-->", "x".repeat(length));
        out.push(whitelist(Whitelist {
            before: &before,
            ..PLAIN
        }));
        let before = format!("<?p {}?>", "x".repeat(length));
        out.push(whitelist(Whitelist {
            before: &before,
            ..PLAIN
        }));
    }
    out
}
