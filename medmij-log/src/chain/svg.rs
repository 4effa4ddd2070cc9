// SPDX-License-Identifier: AGPL-3.0-or-later
//! A chain as a picture: one column a node, one arrow a message. Plain SVG without script or style sheet.

use std::fmt::Write as _;

use super::Chain;

const COLUMN: usize = 320;
const LEFT: usize = 190;
const TOP: usize = 70;
const ROW: usize = 40;

/// The chain as an SVG document.
#[must_use]
pub fn svg(chain: &Chain) -> String {
    let nodes = chain.nodes();
    let steps = chain.steps();
    let place = |node: &str| {
        let index = nodes.iter().position(|known| *known == node).unwrap_or_default();
        LEFT.saturating_add(index.saturating_mul(COLUMN))
    };
    let width = LEFT
        .saturating_mul(2)
        .saturating_add(nodes.len().saturating_sub(1).saturating_mul(COLUMN));
    let height = TOP.saturating_add(steps.len().saturating_add(1).saturating_mul(ROW));
    let mut out = String::new();
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img"><title>chain {}</title><defs><marker id="arrow" markerWidth="10" markerHeight="8" refX="9" refY="4" orient="auto"><path d="M0 0 L10 4 L0 8 Z" fill="#154273"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>"##,
        escaped(&chain.trace_id)
    );
    for node in &nodes {
        let x = place(node);
        let _ = write!(
            out,
            r##"<text x="{x}" y="30" text-anchor="middle" font-weight="bold" font-size="14">{}</text><line x1="{x}" y1="42" x2="{x}" y2="{}" stroke="#b4b4b4"/>"##,
            escaped(node),
            height.saturating_sub(10)
        );
    }
    let start = chain.events.first().map(|event| event.at);
    for (index, step) in steps.iter().enumerate() {
        let y = TOP.saturating_add(index.saturating_mul(ROW));
        let from = place(&step.event.node);
        let since = start.map_or(0, |start| step.event.at.signed_duration_since(start).num_milliseconds());
        let color = if step.event.error.is_some() {
            "#a00000"
        } else {
            "#154273"
        };
        let _ = write!(
            out,
            r##"<text x="8" y="{}" fill="#666">{since} ms</text>"##,
            y.saturating_add(4)
        );
        match step.pair.map(|pair| place(&pair.node)) {
            Some(to) => {
                let middle = from.saturating_add(to) / 2;
                let _ = write!(
                    out,
                    r##"<line x1="{from}" y1="{y}" x2="{to}" y2="{y}" stroke="{color}" stroke-width="1.5" marker-end="url(#arrow)"/><text x="{middle}" y="{}" text-anchor="middle" fill="{color}">{}</text>"##,
                    y.saturating_sub(6),
                    escaped(&step.event.label())
                );
            }
            None => {
                let _ = write!(
                    out,
                    r##"<circle cx="{from}" cy="{y}" r="4" fill="{color}"/><text x="{}" y="{}" fill="{color}">{}</text>"##,
                    from.saturating_add(10),
                    y.saturating_add(4),
                    escaped(&step.event.label())
                );
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(text: &str) -> String {
    let text = medmij_types::Printable::new(text).to_string();
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
