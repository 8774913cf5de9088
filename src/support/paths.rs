//! Where labctl keeps things, by the XDG rules. All of it is passed in; nothing below `app` reads the environment.

use std::ffi::OsString;
use std::path::PathBuf;

/// The folders of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What a person settled: `<config>/labctl`.
    pub config: PathBuf,
    /// Labs: `<data>/labctl/labs/<lab>`; lost only with the lab.
    pub data: PathBuf,
    /// Runs and logs: `<state>/labctl`.
    pub state: PathBuf,
    /// What can be brought again: `<cache>/labctl`.
    pub cache: PathBuf,
    /// For what ends with the session: `<runtime>/labctl`. `None` where `XDG_RUNTIME_DIR` is not set.
    pub runtime: Option<PathBuf>,
    /// The kubeconfig that gets the lab's context.
    pub kubeconfig: PathBuf,
}

impl Paths {
    /// Reads `XDG_*`, `KUBECONFIG` and `HOME` through `var`. A kubeconfig list takes its first entry, as `kubectl config` writes do.
    pub fn from(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let home = PathBuf::from(var("HOME").unwrap_or_else(|| "/".into()));
        let folder = |name: &str, default: &str| {
            var(name).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(default)).join("labctl")
        };
        let kubeconfig = var("KUBECONFIG")
            .and_then(|list| std::env::split_paths(&list).next())
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or_else(|| home.join(".kube/config"));
        Self {
            config: folder("XDG_CONFIG_HOME", ".config"),
            data: folder("XDG_DATA_HOME", ".local/share"),
            state: folder("XDG_STATE_HOME", ".local/state"),
            cache: folder("XDG_CACHE_HOME", ".cache"),
            runtime: var("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()).map(|path| path.join("labctl")),
            kubeconfig,
        }
    }

    /// The folder of lab `name`.
    pub fn lab(&self, name: &str) -> PathBuf {
        self.data.join("labs").join(name)
    }

    /// The folder of all runs of lab `name`.
    pub fn runs(&self, name: &str) -> PathBuf {
        self.state.join("labs").join(name).join("runs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_xdg_folders_are_ignored_as_the_specification_says() {
        let paths = Paths::from(|name| match name {
            "HOME" => Some("/home/a".into()),
            "XDG_DATA_HOME" => Some("relative".into()),
            "XDG_STATE_HOME" => Some("/state".into()),
            "XDG_RUNTIME_DIR" => Some("run/user".into()),
            "KUBECONFIG" => Some("/one:/two".into()),
            _ => None,
        });
        assert_eq!(paths.data, PathBuf::from("/home/a/.local/share/labctl"));
        assert_eq!(paths.state, PathBuf::from("/state/labctl"));
        assert_eq!(paths.runtime, None);
        assert_eq!(paths.kubeconfig, PathBuf::from("/one"));
    }
}
