// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a deelnemer reports: Ketennormen, Beheerrapport, DVP-rapportage, portabiliteitsrapport.

mod beheer;
mod dvp;
mod ketennormen;
mod portabiliteit;
mod xml;

pub use beheer::Beheerrapport;
pub use dvp::{Channel, DvpReport, DvpReportMeta, Exchange, Funnel};
pub use ketennormen::{Ketennorm, KetennormReport, Measured};
pub use portabiliteit::{
    PortabiliteitsError, Portabiliteitsrapport, ReportedGegevensdienst, ReportedRequest, ReportedZorgaanbieder,
};
