//! Populations: the parts into which an environment divides its users.
//! <https://developer.pingidentity.com/pingone-api/platform/populations.html>

use crate::{
    call::{List, Path, Read},
    id::PopulationId,
};

const POPULATIONS: &str = "populations";

/// The populations of the environment.
pub(crate) fn populations() -> List {
    List::at(Path::of(&[POPULATIONS]), POPULATIONS)
}

/// A population.
pub(crate) fn population(id: PopulationId) -> Read {
    Read::at(Path::of(&[POPULATIONS, &id.to_string()]))
}
