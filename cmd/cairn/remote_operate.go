package main

import (
	"fmt"

	"cairn/client"
	"cairn/internal/fault"
)

// What whoever runs a server elsewhere does with it.

func (cmd *jobListCommand) over(c *console, s *client.Client) error {
	if err := cmd.check(); err != nil {
		return err
	}
	page, err := s.Jobs(c, cmd.Kind, cmd.State, cmd.Limit)
	if err != nil {
		return err
	}
	return cmd.tell(c, page.Items, func() ([]client.JobCount, error) {
		counts, err := s.JobCounts(c)
		return counts.Items, err
	})
}

func (*jobRunCommand) over(*console, *client.Client) error {
	return fault.New(fault.Invalid, "A server that serves runs what is due by itself; the API has nothing for it. \"cairn job again\" gives a dead job another chance.")
}

func (cmd *jobAgainCommand) over(c *console, s *client.Client) error {
	if err := cmd.check(); err != nil {
		return err
	}
	if !cmd.All {
		if err := s.RunJob(c, cmd.Job); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "It runs when the server next looks.")
		return nil
	}
	run, err := s.RunJobs(c, cmd.Kind)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s again; the server runs them when it next looks.\n", counted(run.Jobs, "job"))
	return nil
}

func (cmd *operatorSuspendCommand) over(c *console, s *client.Client) error {
	if err := cmd.check(); err != nil {
		return err
	}
	if err := s.Suspend(c, cmd.Board, cmd.Reason); err != nil {
		return err
	}
	cmd.tell(c)
	return nil
}

func (cmd *operatorOpenCommand) over(c *console, s *client.Client) error {
	if err := s.Reopen(c, cmd.Board); err != nil {
		return err
	}
	cmd.tell(c)
	return nil
}
