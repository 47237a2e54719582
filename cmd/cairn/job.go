package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"cairn/client"
	"cairn/internal/fault"
	"cairn/internal/job"
)

// jobCommand holds what one does with the work that waits.
type jobCommand struct {
	List  jobListCommand  `cmd:"" help:"List jobs that are not done: dead ones first, with the reason."`
	Run   jobRunCommand   `cmd:"" help:"Run what is due now and stop; \"cairn serve\" does so all the time."`
	Again jobAgainCommand `cmd:"" help:"Let a job that is dead or was skipped run once more, or all that are dead."`
}

// jobListCommand lists jobs.
type jobListCommand struct {
	dbFlags
	Kind  string `help:"Only jobs of this kind." placeholder:"KIND"`
	State string `help:"Only jobs that are waiting, running, skipped or dead." placeholder:"STATE"`
	Limit int    `help:"How many at most (default: 100)." default:"100" placeholder:"N"`
}

// Run prints one line per job, and how many there are of each kind where not all are shown.
func (cmd *jobListCommand) Run(c *console) error {
	if err := cmd.check(); err != nil {
		return err
	}
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	jobs, err := a.Queue.List(c, job.Filter{Kind: cmd.Kind, State: job.State(cmd.State), Limit: cmd.Limit})
	if err != nil {
		return err
	}
	told := make([]client.Job, len(jobs))
	for i, j := range jobs {
		told[i] = client.Job{ID: j.ID, Kind: j.Kind, State: string(j.State), Attempts: j.Attempt, Next: known(j.Next), Reason: j.Reason}
	}
	return cmd.tell(c, told, func() (all []client.JobCount, err error) {
		counts, err := a.Queue.Counts(c)
		for _, n := range counts {
			all = append(all, client.JobCount{Kind: n.Kind, State: string(n.State), N: n.N})
		}
		return all, err
	})
}

func (cmd *jobListCommand) check() error {
	switch job.State(cmd.State) {
	case "", job.Waiting, job.Running, job.Skipped, job.Dead:
		return nil
	}
	return fault.New(fault.Invalid, "--state: a job is waiting, running, skipped or dead, not %q.", cmd.State)
}

// tell prints jobs, and, where there may be more, how many there are.
func (cmd *jobListCommand) tell(c *console, jobs []client.Job, count func() ([]client.JobCount, error)) error {
	if len(jobs) == 0 {
		if cmd.Kind != "" || cmd.State != "" {
			fmt.Fprintln(c.err, "There is no such job.")
		} else {
			fmt.Fprintln(c.err, "Nothing waits, and nothing went wrong.")
		}
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tKIND\tSTATE\tATTEMPTS\tNEXT\tREASON")
	for _, j := range jobs {
		next := "-"
		if j.State == string(job.Waiting) && j.Next != nil {
			next = j.Next.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", j.ID, j.Kind, j.State, j.Attempts, next, shown(j.Reason))
	}
	if err := table.Flush(); err != nil || len(jobs) < cmd.Limit {
		return err
	}
	counts, err := count()
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "\nIn all:")
	for _, n := range counts {
		fmt.Fprintf(c.out, "  %s of %q %s\n", counted(n.N, "job"), n.Kind, n.State)
	}
	return nil
}

// jobRunCommand runs what is due.
type jobRunCommand struct{ dbFlags }

// Run runs it, one job after another, and says how many ran.
func (cmd *jobRunCommand) Run(c *console) error {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	ran, err := a.Queue.RunDue(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s ran.\n", counted(ran, "job"))
	return nil
}

// jobAgainCommand gives jobs another chance.
type jobAgainCommand struct {
	dbFlags
	Job  string `arg:"" optional:"" help:"The job, as \"cairn job list\" names it." placeholder:"JOB"`
	All  bool   `help:"Every dead job."`
	Kind string `help:"With --all: only jobs of this kind." placeholder:"KIND"`
}

func (cmd *jobAgainCommand) check() error {
	if (cmd.Job != "") == cmd.All || cmd.Kind != "" && !cmd.All {
		return fault.New(fault.Invalid, "Name one job, or say --all, with --kind KIND for those of a kind.")
	}
	return nil
}

// Run puts the jobs back among those that wait.
func (cmd *jobAgainCommand) Run(c *console) error {
	if err := cmd.check(); err != nil {
		return err
	}
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	if !cmd.All {
		if err := a.Queue.Again(c, cmd.Job); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "It runs when the server next looks; \"cairn job run\" runs it now.")
		return nil
	}
	n, err := a.Queue.AgainAll(c, cmd.Kind)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s again; the server runs them when it next looks, \"cairn job run\" now.\n", counted(n, "job"))
	return nil
}
