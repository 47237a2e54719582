package coaching

// Choose is choose, for its properties.
var Choose = choose
