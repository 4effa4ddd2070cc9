// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a deelnemer reports: Ketennormen, Beheerrapport, DVP-rapportage, portabiliteitsrapport.

mod beheerrapport;
mod counter;
mod dvp;
mod ketennormen;
mod portabiliteitsrapport;
mod xml;

pub use beheerrapport::Beheerrapport;
pub use counter::KetennormCounter;
pub use dvp::{Channel, DvpReport, DvpReportMeta, Exchange, Funnel};
pub use ketennormen::{Ketennorm, KetennormReport, Measured};
pub use portabiliteitsrapport::{
    Portabiliteitsrapport, PortabiliteitsrapportError, ReportedGegevensdienst, ReportedRequest, ReportedZorgaanbieder,
};
