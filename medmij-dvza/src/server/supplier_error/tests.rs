// SPDX-License-Identifier: AGPL-3.0-or-later
use std::{
    error::Error as _,
    io::{Error, ErrorKind},
};

use super::*;

#[test]
fn o9_the_text_of_a_supplier_reaches_no_log() {
    let text = "GET https://bron.example.nl/patient/999990019 timed out";
    for (kind, failure) in [
        (ErrorKind::TimedOut, SupplierFailure::Timeout),
        (ErrorKind::ConnectionRefused, SupplierFailure::Unreachable),
        (ErrorKind::PermissionDenied, SupplierFailure::Refused),
        (ErrorKind::InvalidData, SupplierFailure::Unusable),
        (ErrorKind::Other, SupplierFailure::Other),
    ] {
        let error = SupplierError::new("bron", Error::new(kind, text));
        assert_eq!((error.part(), error.kind()), ("bron", failure));
        assert!(error.source().is_none());
        let step = crate::StepError::from(error);
        assert!(step.source().is_none());
        assert!(!format!("{step} {step:?}").contains("999990019"));
        let crate::StepError::Supplier(error) = step else {
            panic!("of the supplier");
        };
        assert_eq!(error.into_cause().unwrap().to_string(), text);
    }
}
