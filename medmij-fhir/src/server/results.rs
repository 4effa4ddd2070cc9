// SPDX-License-Identifier: AGPL-3.0-or-later
//! The results of a search, page by page.

use std::sync::Arc;

use http::HeaderMap;

use super::bronsysteem::{Bronsysteem, Context};
use super::bundle_out::BundleOut;
use super::negotiate::Accepted;
use super::pages::{LongResult, Owner, PageLink, digest_of, random_key};
use super::refusal::Refusal;
use super::reply::Reply;
use super::search::{PAGE, Parameters, Search, Unknown};
use super::{Responder, include, negotiate};
use crate::name::ResourceType;
use crate::query::push_parameters;
use crate::resource::Resource;

impl Responder {
    #[allow(clippy::too_many_arguments, reason = "the parts of one request")]
    pub(super) async fn search<B: Bronsysteem>(
        &self,
        resource_type: ResourceType,
        last_n: bool,
        headers: &HeaderMap,
        parameters: Parameters,
        accepted: &Accepted,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        if !self.served.searches(&resource_type) {
            return Err(Refusal::ResourceType(resource_type));
        }
        if accepted.only_others() {
            return Err(Refusal::NotAcceptable);
        }
        let (owner, base) = (Owner::of(headers), self.endpoint.base());
        let unknown = negotiate::handling(headers, self.unknown);
        if let Some(page) = parameters.value(PAGE) {
            parameters.only(&[PAGE, "_format", "_pretty"], unknown)?;
            let own = self.link_with(&resource_type, last_n, page);
            let link = self.open_link(page, owner, &resource_type, last_n)?;
            let result = match self.pages.find(owner, &link.key, self.clock.monotonic()) {
                Some(result) => result,
                None => {
                    self.search_again(&link, owner, &resource_type, last_n, context, bronsysteem)
                        .await?
                }
            };
            let same = result.resource_type == resource_type && result.last_n == last_n;
            if !same || link.first >= result.matches.len() {
                return Err(Refusal::Page);
            }
            return self
                .page(&result, owner, true, link.first, own, context, bronsysteem)
                .await;
        }
        let search = Search::parse(resource_type, last_n, parameters, unknown, base)?;
        let matches = search.run(context, bronsysteem, base).await?;
        let own = self.search_link(&search);
        let size = search.count.unwrap_or(self.page_size).min(self.page_size);
        if search.count_only || size == 0 {
            let mut out = BundleOut::new("searchset");
            out.total(matches.len());
            out.links(&[("self", own)]);
            return Ok(Reply::ok(out.finish()));
        }
        let is_long = matches.len() > size;
        let mut result = LongResult {
            resource_type: search.resource_type,
            last_n,
            matches,
            includes: search.includes,
            size,
            query: search.applied,
            key: String::new(),
            digest: String::new(),
            expires: 0,
        };
        if !is_long {
            return self.page(&result, owner, false, 0, own, context, bronsysteem).await;
        }
        result.key = random_key(&*self.entropy)?;
        result.digest = digest_of(&result.matches);
        result.expires = PageLink::end_of(self.clock.now());
        let result = self.pages.keep(owner, result, self.clock.monotonic())?;
        self.page(&result, owner, true, 0, own, context, bronsysteem).await
    }

    /// A link that another replica made, or whose result made room for others: the search is run once more, and must bring
    /// the same. The pages after it then cost what they hold.
    async fn search_again<B: Bronsysteem>(
        &self,
        link: &PageLink,
        owner: Owner,
        resource_type: &ResourceType,
        last_n: bool,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Arc<LongResult>, Refusal> {
        // a link that is no more than a key holds no search
        if link.query.is_none() {
            return Err(Refusal::Page);
        }
        let base = self.endpoint.base();
        let parameters = Parameters::of(link.query.clone().unwrap_or_default());
        let search = Search::parse(resource_type.clone(), last_n, parameters, Unknown::Refuse, base)?;
        let matches = search.run(context, bronsysteem, base).await?;
        if digest_of(&matches) != link.digest {
            return Err(Refusal::Page);
        }
        let result = LongResult {
            resource_type: search.resource_type,
            last_n,
            matches,
            includes: search.includes,
            size: link.size.max(1),
            query: search.applied,
            key: link.key.clone(),
            digest: link.digest.clone(),
            expires: link.expires,
        };
        self.pages.keep(owner, result, self.clock.monotonic())
    }

    /// One page; of several or the only one, which is when a total can be told.
    #[allow(clippy::too_many_arguments, reason = "the parts of one page")]
    async fn page<B: Bronsysteem>(
        &self,
        result: &LongResult,
        owner: Owner,
        is_long: bool,
        first: usize,
        own: String,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        let base = self.endpoint.base();
        let end = first.saturating_add(result.size).min(result.matches.len());
        let page: &[Resource] = result.matches.get(first..end).unwrap_or_default();
        let included = include::resolve(&result.includes, page, context, bronsysteem, base).await?;
        let mut out = BundleOut::new("searchset");
        let mut links = vec![("self", own)];
        if !is_long {
            out.total(page.len());
        } else if end < result.matches.len() {
            links.push(("next", self.page_link(result, owner, end)?));
        }
        out.links(&links);
        page.iter().for_each(|resource| out.found(base, resource, "match"));
        included
            .iter()
            .for_each(|resource| out.found(base, resource, "include"));
        Ok(Reply::ok(out.finish()))
    }

    /// The URL of a search with the parameters that were applied.
    fn search_link(&self, search: &Search) -> String {
        let mut out = self.type_link(&search.resource_type, search.last_n);
        let applied = search.applied.iter();
        push_parameters(&mut out, applied.map(|(name, value)| (name.as_str(), value.as_str())));
        out
    }

    /// The URL of a page, which its token alone can ask.
    fn page_link(&self, result: &LongResult, owner: Owner, first: usize) -> Result<String, Refusal> {
        let link = PageLink::to(result, first);
        let page = match &self.seal {
            Some(seal) => link.seal(&**seal, &self.bound_to(owner, &result.resource_type, result.last_n))?,
            None => link.plain(),
        };
        Ok(self.link_with(&result.resource_type, result.last_n, &page))
    }

    fn link_with(&self, resource_type: &ResourceType, last_n: bool, page: &str) -> String {
        let mut out = self.type_link(resource_type, last_n);
        push_parameters(&mut out, [(PAGE, page)].into_iter());
        out
    }

    /// What a `_page` says.
    fn open_link(
        &self,
        page: &str,
        owner: Owner,
        resource_type: &ResourceType,
        last_n: bool,
    ) -> Result<PageLink, Refusal> {
        let Some(seal) = &self.seal else {
            return PageLink::of_plain(page).ok_or(Refusal::Page);
        };
        let link = PageLink::open(page, &**seal, &self.bound_to(owner, resource_type, last_n));
        let link = link.ok_or(Refusal::Page)?;
        if link.has_ended(self.clock.now()) {
            return Err(Refusal::Page);
        }
        Ok(link)
    }

    /// A sealed link opens for this token, at this endpoint, for this search.
    fn bound_to(&self, owner: Owner, resource_type: &ResourceType, last_n: bool) -> Vec<u8> {
        let mut bound = b"medmij-fhir page 1 ".to_vec();
        bound.extend_from_slice(owner.as_bytes());
        bound.extend_from_slice(self.type_link(resource_type, last_n).as_bytes());
        bound
    }

    fn type_link(&self, resource_type: &ResourceType, last_n: bool) -> String {
        let operation = if last_n { "/$lastn" } else { "" };
        format!("{}/{resource_type}{operation}", self.endpoint.base())
    }
}
