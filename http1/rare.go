package http1

// rare is what few exchanges need.
type rare struct {
	body wait

	undated bool    // the response gets no Date
	trails  bool    // trailers may follow the response's body
	sends   []Field // those of the response
	came    []Field // those of the request
}

func (ex *exchange) seldom() *rare {
	if ex.rare == nil {
		ex.rare = &rare{}
	}
	return ex.rare
}
