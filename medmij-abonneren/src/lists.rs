// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint.201 — where the notifications of a DVP go.

use medmij_oauth::ClientId;
use medmij_ocl::OAuthclientlist;
use medmij_types::BackchannelUri;

use crate::NotificatieKind;

/// Where the OAuth Client List says that the notifications of a client go.
#[must_use]
pub fn notification_endpoint(
    list: &OAuthclientlist,
    client: &ClientId,
    kind: NotificatieKind,
) -> Option<BackchannelUri> {
    let entry = list.client(client.hostname())?;
    let endpoint = match kind {
        NotificatieKind::Details => entry.resource_notification_endpoint(),
        NotificatieKind::Abonnement => entry.subscription_notification_endpoint(),
    };
    endpoint?.uri().ok()
}
