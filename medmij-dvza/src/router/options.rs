// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the routers are mounted.

use std::{fmt, sync::Arc, time::Duration};

use medmij_oauth::policy::LimitPolicy;

use super::{ExampleScreens, Screens};
use crate::server::RequestLimits;

type Rewrite = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// The base path, the screens, the limits and, in examples, the loopback map.
#[derive(Clone)]
pub struct RouterOptions {
    base: String,
    screens: Arc<dyn Screens>,
    limits: Option<Arc<RequestLimits>>,
    loopback: Option<Rewrite>,
    further_redirects: bool,
    body_time: Duration,
}

impl RouterOptions {
    /// Everything under this path, for instance `/oauth`; the empty text is the root. With the limits of the default
    /// [`LimitPolicy`]: see [`with_limits`](Self::with_limits).
    #[must_use]
    pub fn at(base: &str) -> Self {
        let base = base.trim_matches('/');
        let base = if base.is_empty() {
            String::new()
        } else {
            format!("/{base}")
        };
        Self {
            base,
            screens: Arc::new(ExampleScreens),
            limits: Some(Arc::new(RequestLimits::new(LimitPolicy::default()))),
            loopback: None,
            further_redirects: false,
            body_time: Duration::from_secs(10),
        }
    }

    /// With other screens.
    #[must_use]
    pub fn with_screens(mut self, screens: Arc<dyn Screens>) -> Self {
        self.screens = screens;
        self
    }

    /// With other limits for each address and each Node, the same for all of them (O13, core.gegevensdiensten.103). The address is that of the connection
    /// (`ConnectInfo<SocketAddr>`, which the listeners of `medmij-net` put there and plain axum with
    /// `into_make_service_with_connect_info`), or a [`PeerAddress`](super::PeerAddress). A limit that cannot see it answers
    /// nothing but 500, with the reason in the log.
    #[must_use]
    pub fn with_limits(mut self, limits: Arc<RequestLimits>) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Without limits: where something in front limits, and in tests.
    #[must_use]
    pub fn danger_without_limits(mut self) -> Self {
        self.limits = None;
        self
    }

    /// With another time within which the body of a request has to come; 10 s by default, and 408 after it. A listener that
    /// cuts connections off earlier leaves no answer at all.
    #[must_use]
    pub fn with_body_time(mut self, time: Duration) -> Self {
        self.body_time = time;
        self
    }

    /// Leaves `form-action` out of the pages whose form leads back to a DVP.
    ///
    /// Browsers hold that directive against every redirect that follows a form, not only the first (O11). It names the
    /// origin of the DVP, so a DVP that sends the browser on from its `redirect_uri` to another origin is cut off there.
    /// What is lost is a second line: markup that somebody brought into a page could then send its form elsewhere.
    #[must_use]
    pub fn with_further_redirects(mut self) -> Self {
        self.further_redirects = true;
        self
    }

    /// For examples on one machine only: cookies go without `Secure` and without the `__Host-` prefix, and every address
    /// that is written into a `Location`, a link or a form policy goes through `rewrite` first, which maps
    /// `https://name.localhost/…` to `http://name.localhost:port/…`. Messages and lists keep the address as it is.
    #[must_use]
    pub fn danger_loopback(mut self, rewrite: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.loopback = Some(Arc::new(rewrite));
        self
    }

    /// The base path, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn limits(&self) -> Option<&RequestLimits> {
        self.limits.as_deref()
    }

    pub(super) fn body_time(&self) -> Duration {
        self.body_time
    }

    pub(super) fn screens(&self) -> &dyn Screens {
        &*self.screens
    }

    pub(super) fn has_further_redirects(&self) -> bool {
        self.further_redirects
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.loopback.is_some()
    }

    pub(super) fn rewrite(&self, address: &str) -> String {
        self.loopback
            .as_ref()
            .map_or_else(|| address.to_owned(), |rewrite| rewrite(address))
    }
}

impl fmt::Debug for RouterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterOptions")
            .field("base", &self.base)
            .field("danger_loopback", &self.loopback.is_some())
            .finish_non_exhaustive()
    }
}
