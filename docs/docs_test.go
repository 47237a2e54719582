package docs_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What the documents show is executed, top to bottom, in a folder of its own per document:
//
//   - a block fenced as ```console holds commands after "$ " and what they print below them;
//   - a block fenced with a language and a file's name, such as ```csv november.csv, is that file.
//
// "…" in what is printed stands for any text, on a line of its own for any lines. A command that ends in
// "# exits with 2" must do so; every other command must succeed.
func TestDocuments_DoWhatTheyShow(t *testing.T) {
	program := buildProgram(t)
	documents, err := filepath.Glob("*.md")
	if err != nil || len(documents) == 0 {
		t.Fatal("no documents found", err)
	}
	for _, document := range append(documents, "../README.md") {
		t.Run(filepath.Base(document), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(document)
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			for _, block := range fences(string(text)) {
				language, file, named := strings.Cut(block.info, " ")
				switch {
				case named:
					if err := os.WriteFile(filepath.Join(folder, file), []byte(block.text), 0o600); err != nil {
						t.Fatal(err)
					}
				case language == "console":
					for _, step := range steps(block.text) {
						step.run(t, document, program, folder)
					}
				}
			}
		})
	}
}

func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "cairn")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/cairn").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

type fence struct{ info, text string }

// fences returns the fenced blocks of a document.
func fences(document string) (blocks []fence) {
	for _, found := range regexp.MustCompile("(?ms)^```([^\n`]+)\n(.*?)^```$").FindAllStringSubmatch(document, -1) {
		blocks = append(blocks, fence{found[1], found[2]})
	}
	return blocks
}

// step is one command of a document and what it is said to print.
type step struct {
	command string
	exit    int
	prints  []string
}

func steps(text string) (list []step) {
	exits := regexp.MustCompile(`\s+# exits with (\d+)$`)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			s := step{command: command}
			if found := exits.FindStringSubmatch(command); found != nil {
				s.command = strings.TrimSuffix(command, found[0])
				s.exit, _ = strconv.Atoi(found[1])
			}
			list = append(list, s)
		case len(list) > 0:
			last := &list[len(list)-1]
			last.prints = append(last.prints, line)
		}
	}
	return list
}

// pattern matches what the step is said to print, from the first line to the last.
func (s step) pattern() *regexp.Regexp {
	var p strings.Builder
	p.WriteString(`^`)
	for _, line := range s.prints {
		if line == "…" {
			p.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		for i, part := range strings.Split(line, "…") {
			if i > 0 {
				p.WriteString(`[^\n]*`)
			}
			p.WriteString(regexp.QuoteMeta(part))
		}
		p.WriteString(`[ ]*\n`) // blanks at the end of a line are not seen in a document
	}
	p.WriteString(`$`)
	return regexp.MustCompile(p.String())
}

func (s step) run(t *testing.T, document, program, folder string) {
	t.Helper()
	command := exec.Command("sh", "-c", s.command)
	command.Dir = folder
	command.Env = []string{"PATH=" + filepath.Dir(program) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + folder, "LANG=C.UTF-8"}
	out, err := command.CombinedOutput()
	exit := 0
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		exit = ended.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	printed := string(out)
	if printed != "" && !strings.HasSuffix(printed, "\n") {
		printed += "\n"
	}
	if exit != s.exit {
		t.Fatalf("%s: $ %s\nexits with %d, the document says %d:\n%s", document, s.command, exit, s.exit, printed)
	}
	if !s.pattern().MatchString(printed) {
		t.Errorf("%s: $ %s\nprints\n%s\nthe document says\n%s", document, s.command, printed, strings.Join(s.prints, "\n"))
	}
}
