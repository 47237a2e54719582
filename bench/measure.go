package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Measurement is what one child process saw.
type Measurement struct {
	Wall  float64            // seconds
	CPU   float64            // seconds, user and system, over all cores
	Peak  int64              // bytes of resident memory at the highest, input included; 0 not measured
	Facts map[string]float64 // whatever else the task counted
}

// profile names the file that the CPU profile of a task goes to.
var profile = flag.String("profile", "", "file for a CPU profile of what is measured")

// startProfile starts the CPU profile, where one was asked for.
func startProfile() (stop func(), err error) {
	if *profile == "" {
		return func() {}, nil
	}
	f, err := os.Create(*profile)
	if err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, pprof.StartCPUProfile(f)
}

// measure times work and notes the highest memory while it ran.
func measure(work func() error) (Measurement, error) {
	debug.FreeOSMemory()
	// "5" resets the high-water mark; without the right to do so the peak includes the making of the input.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	stop, err := startProfile()
	if err != nil {
		return Measurement{}, err
	}
	defer stop()
	cpu, start := ownCPU(), time.Now()
	err = work()
	return Measurement{Wall: time.Since(start).Seconds(), CPU: ownCPU() - cpu, Peak: peak(), Facts: map[string]float64{}}, err
}

// repeat measures work again and again until half a second of CPU is spent, and returns the mean of one run: short work is
// measured as exactly as long work, the collector's share included. Long work runs once, so that the peak is that of one run.
func repeat(work func() error) (Measurement, error) {
	runs := 0
	m, err := measure(func() error {
		for cpu := ownCPU(); runs == 0 || ownCPU()-cpu < 0.5; runs++ {
			if err := work(); err != nil {
				return err
			}
		}
		return nil
	})
	m.Wall /= float64(runs)
	m.CPU /= float64(runs)
	return m, err
}

// ownCPU returns the CPU seconds of this process so far.
func ownCPU() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// peak returns the high-water mark of resident memory in bytes, 0 where /proc is not there.
func peak() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	if !found {
		return 0
	}
	kB, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kB * 1024
}

// reapedCPU returns the CPU seconds of all ended children of a process: of PostgreSQL's first process, those of every
// connection and parallel worker that has ended.
func reapedCPU(pid int) (float64, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	user, _ := strconv.ParseFloat(fields[13], 64)
	system, _ := strconv.ParseFloat(fields[14], 64)
	return (user + system) / 100, nil // clock ticks: always 100 a second in /proc
}

func parent(pid int) (int, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(fields[1])
}

// stat returns the fields of /proc/PID/stat that follow the command's name: state, ppid, …
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])), nil
}

// self returns a command that runs this program again.
func self(args ...string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(program, args...), nil
}

// child measures a task in a process of its own.
func child(task task, args ...string) (m Measurement, err error) {
	command, err := self(append([]string{"-task", string(task)}, args...)...)
	if err != nil {
		return m, err
	}
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return m, fmt.Errorf("%s %s: %w", task, strings.Join(args, " "), err)
	}
	return m, json.Unmarshal(out, &m)
}
