package telemetry

import "runtime/debug"

// version is set by the linker (-X) where Go may not read the commit itself.
var version string

// buildVersion is the commit that this binary was built from, with "-dirty" when
// files differed from it.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, _ := debug.ReadBuildInfo()
	return revision(info)
}

func revision(info *debug.BuildInfo) string {
	commit, dirty := "", ""
	if info != nil {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "-dirty"
			}
		}
	}
	if commit == "" {
		return "unknown"
	}
	return commit + dirty
}
