package git

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"unicode"
)

// person is somebody in a repository: a name, and the address that tells them apart.
type person struct{ name, email string }

// tidy makes a person of what a commit says. A name without an address that could be one gets an address that can be
// nobody's, so that their work is not lost.
func tidy(name, email string) person {
	clean := func(text string) string {
		return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "�"), func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
	}
	p := person{clean(name), strings.ToLower(strings.ReplaceAll(clean(email), " ", ""))}
	if local, domain, _ := strings.Cut(p.email, "@"); local == "" || domain == "" {
		who := strings.Trim(strings.ToLower(strings.ReplaceAll(p.name, " ", "-"))+"."+p.email, ".@")
		if who == "" {
			who = "nobody"
		}
		p.email = strings.ReplaceAll(who, "@", "-") + "@unknown.invalid"
	}
	return p
}

// mailmap knows people by the repository's .mailmap, which git itself reads.
type mailmap struct {
	repository *Repository
	known      map[string]person

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// find reads a contact "Name <address>"; ok is false where it is none.
func (m *mailmap) find(ctx context.Context, contact string) (p person, ok bool, err error) {
	name, address, opened := strings.Cut(contact, "<")
	address, _, closed := strings.Cut(address, ">")
	if !opened || !closed || strings.TrimSpace(address) == "" || strings.ContainsAny(contact, "\r\n\x00") || len(contact) > 1000 {
		return p, false, nil
	}
	asked := tidy(name, address)
	written := fmt.Sprintf("%s <%s>", asked.name, strings.TrimSpace(address))
	if p, known := m.known[written]; known {
		return p, true, nil
	}
	answer, err := m.ask(ctx, written)
	if err != nil {
		return p, false, err
	}
	name, address, _ = strings.Cut(answer, "<")
	address, _, _ = strings.Cut(address, ">")
	p = tidy(name, address)
	m.known[written] = p
	return p, true, nil
}

// ask hands a contact to git check-mailmap, which answers each line with a line.
func (m *mailmap) ask(ctx context.Context, contact string) (string, error) {
	if m.cmd == nil {
		cmd := m.repository.command(ctx, "check-mailmap", "--stdin")
		in, err := cmd.StdinPipe()
		if err != nil {
			return "", err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return "", err
		}
		if err := cmd.Start(); err != nil {
			return "", err
		}
		m.cmd, m.in, m.out = cmd, in, bufio.NewReader(out)
	}
	if _, err := io.WriteString(m.in, contact+"\n"); err != nil {
		return "", fmt.Errorf("asking for the mailmap: %w", err)
	}
	answer, err := m.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("asking for the mailmap: %w", noEOF(err))
	}
	return strings.TrimSuffix(answer, "\n"), nil
}

func (m *mailmap) close() {
	if m.cmd != nil {
		m.in.Close()
		m.cmd.Wait()
	}
}
