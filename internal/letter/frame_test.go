package letter

import (
	"testing"

	"github.com/jba/templatecheck"
)

func TestFrame_FitsThePage(t *testing.T) {
	if err := templatecheck.CheckHTML(frame, &page{}); err != nil {
		t.Error(err)
	}
}
