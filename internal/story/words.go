package story

// Story puts the claim into words.
func (c Claim) Story(b *Board) Story { return Story{} }
