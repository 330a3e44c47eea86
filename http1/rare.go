package http1

// rare is what few exchanges need.
type rare struct {
	body wait
}

func (ex *exchange) seldom() *rare {
	if ex.rare == nil {
		ex.rare = &rare{}
	}
	return ex.rare
}
