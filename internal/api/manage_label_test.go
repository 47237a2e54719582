package api_test

import (
	"strings"
	"testing"

	"cairn/client"
)

func TestLabels_SayWhatCameOfTacticsToThoseWhoRunTheBoard(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	members, err := s.owner.Members(ctx, s.key, client.Which{})
	must(t, err)
	text := "player,key,at,value,label\n"
	for i, m := range members.Items {
		text += m.Key + ",calls,2026-11-18,2,video/intro\n" + m.Key + ",calls,2026-11-19,2,video/intro\n" + m.Key + ",answers,2026-11-19,1,video/intro\n"
		if i == 0 {
			text += m.Key + ",calls,2026-11-20,1,a talk of Bo's\n"
		}
	}
	must(t, second(s.manager.Import(ctx, s.key, client.File{Name: "calls.csv", Body: []byte(text)})))
	none, err := s.steward.Labels(ctx, s.key, client.LabelQuestion{})
	if err != nil || len(none.Window) != 0 {
		t.Errorf("before the first release: %+v, %v", none, err)
	}
	must(t, second(s.manager.Publish(ctx, s.key, client.Publishing{Period: "2026-W47"})))
	question := client.LabelQuestion{From: "calls", To: "answers"}
	told, err := s.steward.Labels(ctx, s.key, question)
	if err != nil || len(told.Window) != 1 || told.Withheld != 1 || len(told.Tactics) != 1 || len(told.Tactics[0].Assets) != 1 {
		t.Fatalf("%+v, %v", told, err)
	}
	video := told.Tactics[0].Assets[0]
	if video.Label != "video/intro" || video.From.Entries != nil || video.Conversion != nil || *video.To.Entries != 6 || *video.To.Players != 6 || *told.All.From.Entries != 13 || *told.All.From.Sum != 25 {
		t.Errorf("what is left of all without the video is one player's: %+v, %+v", video, told.All)
	}
	file, err := s.steward.ExportLabels(ctx, s.key, question)
	if err != nil || !strings.HasPrefix(string(file), "of,tactic,label,") || !strings.Contains(string(file), "asset,video,video/intro,,,,6,6,6,\n") || strings.Contains(string(file), "Bo") {
		t.Errorf("%s, %v", file, err)
	}
	_, err = s.steward.Labels(ctx, s.key, client.LabelQuestion{First: "2026-W01"})
	is(t, "a period without a release", err, "invalid")
	_, err = s.coach.Labels(ctx, s.key, question)
	is(t, "a coach", err, "not_found")
	_, err = s.bo.Labels(ctx, s.key, question)
	is(t, "a player", err, "not_found")
}
