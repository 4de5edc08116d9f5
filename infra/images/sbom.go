package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// writeSBOM writes which modules a program was built from: sbom/NAME-OS-ARCH.cdx.json. The
// linker has recorded them in the program, so the list is what was built and not what
// go.mod would allow.
func (b build) writeSBOM(name, program string, platform v1.Platform) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	doc := cdx.NewBOM()
	doc.Metadata = &cdx.Metadata{
		Timestamp: b.created.Format("2006-01-02T15:04:05Z"),
		Component: &cdx.Component{BOMRef: name, Type: cdx.ComponentTypeApplication, Name: name, Version: b.version},
	}
	components := []cdx.Component{{
		BOMRef: "go", Type: cdx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}}
	for _, m := range info.Deps {
		if m.Replace != nil || strings.HasPrefix(m.Path, "jari.example/") {
			continue // of this repository
		}
		url := fmt.Sprintf("pkg:golang/%s@%s", m.Path, m.Version)
		components = append(components, cdx.Component{
			BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: url,
		})
	}
	doc.Components = &components
	file := filepath.Join(b.dir, "sbom", name+"-"+strings.ReplaceAll(platform.String(), "/", "-")+".cdx.json")
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).Encode(doc); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return f.Close()
}
