package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"cairn/internal/fault"
	"cairn/internal/release"
)

// verifyCommand recomputes a release from its bundle.
type verifyCommand struct {
	Bundle   string `arg:"" help:"Bundle, as written by cairn release bundle." placeholder:"FILE"`
	Against  string `help:"Digest that the release was published with." placeholder:"DIGEST"`
	Previous string `help:"Bundle of the release before, to check the chain." placeholder:"FILE"`
}

func (verifyCommand) Help() string {
	return `Works offline, without a database. It checks every byte of the bundle, recomputes parameters, scores, ranks, points
and changes from the inputs, and prints "identical" where everything is as recorded; else it names the first difference
and exits with 5. A bundle proves that its parts belong together; that it is the one that was published, --against
proves, with the digest from the board's page.`
}

func (f *verifyCommand) Run(c *console) error {
	v, err := verifyFile(f.Bundle)
	if err != nil {
		return err
	}
	if want := strings.ToLower(strings.TrimSpace(f.Against)); want != "" && want != v.Digest {
		return fault.New(fault.Conflict, "%s is another release than the one published: its digest is %s, not %s.", f.Bundle, v.Digest, want)
	}
	if f.Previous != "" {
		before, err := verifyFile(f.Previous)
		if err != nil {
			return err
		}
		if v.Previous != before.Digest {
			return fault.New(fault.Conflict, "%s does not follow %s: it names the digest %s as the release before, and that one has %s.", f.Bundle, f.Previous, orNone(v.Previous), before.Digest)
		}
	}
	fmt.Fprintln(c.out, "identical")
	fmt.Fprintf(c.out, "%s: %s, edition %d\n", shown(v.Name), shown(v.Period), v.Edition)
	if v.Reason != "" {
		fmt.Fprintf(c.out, "erratum: %s\n", shown(v.Reason))
	}
	fmt.Fprintf(c.out, "%s, %d with a score, %s; %s recomputed by engine %s\n", counted(v.Players, "player"), v.Scored, counted(v.Metrics, "metric"), counted(v.Compared, "value"), v.Engine)
	fmt.Fprintf(c.out, "scorecard %s, version %d\n", shown(v.Scorecard), v.Version)
	if v.Frozen != "" {
		fmt.Fprintf(c.out, "parameters frozen at %s\n", shown(v.Frozen))
	}
	if v.Previous != "" {
		checked := ""
		if f.Previous != "" {
			checked = " (its bundle verified)"
		}
		fmt.Fprintf(c.out, "follows %s, digest %s%s\n", shown(v.PreviousPeriod), v.Previous, checked)
	}
	if v.Named {
		fmt.Fprintln(c.out, "names.csv says who the players were when the bundle was written; no digest covers it")
	}
	fmt.Fprintf(c.out, "digest %s\n", v.Digest)
	return nil
}

func verifyFile(path string) (*release.Verified, error) {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Wrap(fault.NotFound, err, "%s is not there.", path)
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, err, "%s cannot be read.", path)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, fault.Wrap(fault.Invalid, err, "%s is no file: give the file that cairn release bundle wrote.", path)
	}
	v, err := release.Verify(file, info.Size())
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return nil, fault.Wrap(f.Kind, f.Cause, "%s: %s", path, f.Message)
	}
	return v, err
}

func orNone(digest string) string {
	if digest == "" {
		return "of none"
	}
	return digest
}
