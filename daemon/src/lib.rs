//! heimdalld
