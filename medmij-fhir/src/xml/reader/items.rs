// SPDX-License-Identifier: AGPL-3.0-or-later
//! The items of the open object: names, arrays, companions, and their ends.

use super::frame::{Kind, Run};
use super::{Element, OddityKind, Raw, Reader, XmlError, XmlRule, attributes};

impl<'a> Reader<'a> {
    /// Begins one more element of a name in the open object.
    pub(super) fn begin_item(&mut self, at: usize, element: &'static Element, start: usize) -> Result<(), XmlError> {
        self.items += 1;
        self.check_items(start)?;
        let limit = self.limits.elements;
        let goes_on = self
            .frames
            .last_mut()
            .and_then(|frame| frame.run.as_mut())
            .filter(|run| run.at == at);
        if let Some(run) = goes_on {
            if !run.repeats {
                return Err(XmlError::new(XmlRule::Repeated, start));
            }
            run.next(&mut self.out);
            if run.count > limit {
                return Err(XmlError::new(XmlRule::TooLong, start));
            }
            return Ok(());
        }
        self.end_run();
        let begin = self.out.len();
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        if !frame.see(at) {
            return Err(XmlError::new(XmlRule::Order, start));
        }
        frame.cursor = at;
        frame.open_companion(&mut self.out);
        frame.run = Some(Run::new(at, element, begin, frame.is_first));
        if !std::mem::replace(&mut frame.is_first, false) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(element.name);
        self.out.push_str(if element.repeats { "\":[" } else { "\":" });
        Ok(())
    }

    /// Ends the elements of one name: closes the array, and writes the companions.
    pub(super) fn end_run(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some(run) = frame.run.take() {
            frame.is_first = run.end(&mut self.out, frame.is_first);
        }
        if let Some(run) = frame.unknown.take() {
            frame.open_companion(&mut self.out);
            frame.is_first = run.end(&mut self.out, frame.is_first);
        }
    }

    /// Ends a primitive element; one with neither a value nor a companion is taken back.
    pub(super) fn end_primitive(&mut self, companion: Option<String>, has_value: bool, start: usize) {
        if has_value || companion.is_some() {
            if let Some(run) = self.frames.last_mut().and_then(|frame| frame.run.as_mut()) {
                run.add_companion(companion);
            }
        } else {
            self.drop_item(start);
        }
    }

    /// Takes the last item back, and reports it.
    pub(super) fn drop_item(&mut self, start: usize) {
        let name = self.frames.last().and_then(|frame| Some(frame.run.as_ref()?.name));
        let end = self.at();
        self.oddity(name, OddityKind::Empty, start..end);
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some(run) = &mut frame.run
            && let Some(is_first) = run.drop_item(&mut self.out)
        {
            let at = run.at;
            frame.is_first = is_first;
            frame.run = None;
            frame.unsee(at);
        }
    }

    pub(super) fn close(&mut self) -> Result<(), XmlError> {
        self.end_run();
        let Some(frame) = self.frames.pop() else {
            return Err(XmlError::new(XmlRule::Syntax, self.at()));
        };
        self.forget_namespaces();
        match frame.kind {
            Kind::Object => self.out.push('}'),
            Kind::Primitive { companion, has_value } => {
                let text = self.out.split_off(companion);
                self.end_primitive((!text.is_empty()).then(|| text + "}"), has_value, frame.start);
            }
            Kind::Wrapper { filled: true } => {}
            Kind::Wrapper { filled: false } => self.drop_item(frame.start),
        }
        self.done = self.frames.is_empty();
        Ok(())
    }

    pub(super) fn attribute(&mut self, name: &'static str, value: Option<Raw<'a>>) -> Result<(), XmlError> {
        let Some(value) = value else { return Ok(()) };
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        frame.open_companion(&mut self.out);
        if !std::mem::replace(&mut frame.is_first, false) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":\"");
        attributes::push_value(&mut self.out, value)?;
        self.out.push('"');
        Ok(())
    }
}
