package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
)

// verdict is what a variant calculated, by player.
type verdict struct {
	Score, Rank, TeamRank []float64
}

func newVerdict(players int) *verdict {
	return &verdict{make([]float64, players), make([]float64, players), make([]float64, players)}
}

func (v *verdict) write(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for _, values := range [][]float64{v.Score, v.Rank, v.TeamRank} {
		if err := binary.Write(w, binary.LittleEndian, values); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func readVerdict(file string, players int) (*verdict, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v := newVerdict(players)
	r := bufio.NewReaderSize(f, 1<<20)
	for _, values := range [][]float64{v.Score, v.Rank, v.TeamRank} {
		if err := binary.Read(r, binary.LittleEndian, values); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// equal compares two verdicts: scores to 1e-9, ranks exactly, save where two players' scores are nearer to each other than
// 1e-9, which is a tie for one and binary noise for the other. It returns how many such players there were.
func (v *verdict) equal(other *verdict) (near int, err error) {
	order := make([]int, len(v.Score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v.Score[a], v.Score[b]) })
	for place, i := range order {
		if !(math.Abs(v.Score[i]-other.Score[i]) <= 1e-9) {
			return 0, fmt.Errorf("player %d: score %v and %v", i, v.Score[i], other.Score[i])
		}
		if v.Rank[i] == other.Rank[i] && v.TeamRank[i] == other.TeamRank[i] {
			continue
		}
		below := place > 0 && v.Score[i]-v.Score[order[place-1]] <= 1e-9
		above := place < len(order)-1 && v.Score[order[place+1]]-v.Score[i] <= 1e-9
		if !below && !above {
			return 0, fmt.Errorf("player %d: rank %v and %v, in the team %v and %v", i, v.Rank[i], other.Rank[i], v.TeamRank[i], other.TeamRank[i])
		}
		near++
	}
	return near, nil
}
