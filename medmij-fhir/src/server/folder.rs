// SPDX-License-Identifier: AGPL-3.0-or-later
//! A folder of files as a bronsysteem: what an export job of a source writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bronsysteem::{Bronsysteem, BronsysteemError, Context, Found, Wanted};
use super::form::from_xml;
use super::set::{ResourceSet, ResourceSetError};
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// Files in one folder, at most.
const MOST: usize = 10_000;

type Place = Arc<dyn Fn(&Context) -> Option<PathBuf> + Send + Sync>;

/// Folders, one a Persoon and gegevensdienst, with resources or Bundles in `*.json` and `*.xml`.
///
/// Where the folder of a Persoon is, the application says: a BSN is no name for a folder. The files are read at
/// each request, in the order of their names; other files are left alone. A folder that is not there is a
/// Persoon without data.
///
/// ```
/// use medmij_fhir::FhirVersion;
/// use medmij_fhir::server::FolderBronsysteem;
///
/// let bronsysteem = FolderBronsysteem::new(FhirVersion::Stu3, |context| {
///     let service = context.gegevensdienst()?;
///     // a number that the DVA gave this Persoon
///     Some(format!("/var/lib/dva/7f3a/{service}").into())
/// });
/// # let _ = bronsysteem;
/// ```
#[derive(Clone)]
pub struct FolderBronsysteem {
    version: FhirVersion,
    limits: Limits,
    place: Place,
}

impl std::fmt::Debug for FolderBronsysteem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FolderBron({})", self.version)
    }
}

impl FolderBronsysteem {
    /// Folders of files in this FHIR version.
    pub fn new(version: FhirVersion, place: impl Fn(&Context) -> Option<PathBuf> + Send + Sync + 'static) -> Self {
        Self {
            version,
            limits: Limits::default(),
            place: Arc::new(place),
        }
    }

    /// Sets how large a file may be.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    async fn set(&self, context: &Context) -> Result<ResourceSet, BronsysteemError> {
        let Some(folder) = (self.place)(context) else {
            return Ok(ResourceSet::new());
        };
        let (version, limits) = (self.version, self.limits);
        let read = tokio::task::spawn_blocking(move || read(&folder, version, &limits));
        read.await
            .map_err(|_| BronsysteemError::Failed("reading a folder was cut short".to_owned()))?
    }
}

impl Bronsysteem for FolderBronsysteem {
    async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let set = self.set(context).await?;
        set.find(context, wanted).await
    }

    async fn read(
        &self,
        context: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        let set = self.set(context).await?;
        set.read(context, resource_type, id).await
    }
}

fn read(folder: &Path, version: FhirVersion, limits: &Limits) -> Result<ResourceSet, BronsysteemError> {
    let failed =
        |path: &Path, what: &dyn std::fmt::Display| BronsysteemError::Failed(format!("{}: {what}", path.display()));
    let mut set = ResourceSet::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(set),
        Err(error) => return Err(failed(folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let known = path
            .extension()
            .is_some_and(|extension| extension == "json" || extension == "xml");
        if known {
            paths.push(path);
        }
        if paths.len() > MOST {
            return Err(failed(folder, &format!("more than {MOST} files")));
        }
    }
    paths.sort();
    for path in paths {
        let size = std::fs::metadata(&path).map_err(|error| failed(&path, &error))?.len();
        if usize::try_from(size).map_or(true, |size| size > limits.body) {
            return Err(failed(&path, &"file is too large"));
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&path, &error))?;
        let is_xml = path.extension().is_some_and(|extension| extension == "xml");
        let result = if is_xml {
            let json = from_xml(version, &bytes, limits).map_err(|error| failed(&path, &error))?;
            set.insert_json(&json)
        } else {
            set.insert_json(&bytes)
        };
        // the name of the file is for the operator; what is in it is not
        result.map_err(|error: ResourceSetError| failed(&path, &error))?;
    }
    Ok(set)
}
