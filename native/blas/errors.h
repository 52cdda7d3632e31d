// Reports of wrong arguments: to the program's handler where it has one, else to standard error. They return.
#pragma once

namespace downhill::blas {

// `routine` is the Fortran name, six characters; `position` counts the Fortran arguments from 1.
void report_fortran(const char* routine, int position);

// A layout or transpose value out of range, at C position 1, 2 or 3. `what` names it.
void report_setting(const char* routine, int position, const char* what, int value);

// A number out of range, by its position in the Fortran call that a CBLAS call amounts to.
void report_cblas(const char* routine, const char* fortran_routine, int fortran_position, bool row_major);

}  // namespace downhill::blas
