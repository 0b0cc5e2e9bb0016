"""The router: the page table and the shared workbench; nothing else."""

import streamlit as st

from explorer.studio import server

if __name__ == "__main__":  # a reader is here: Streamlit runs this file as a script
    server.warm()
    from explorer.studio import style, workbench

    st.set_page_config(page_title="Carousel", page_icon="assets/icon.svg", layout="wide")
    page = st.navigation(
        {
            "Read": [
                st.Page("pages/read/watch.py", title="Watch", icon=":material/play_circle:", default=True),
                st.Page("pages/read/belt.py", title="Conveyor belt", icon=":material/conveyor_belt:", url_path="belt"),
                st.Page("pages/read/gates.py", title="Gates", icon=":material/tune:", url_path="gates"),
                st.Page("pages/read/hidden.py", title="Hidden state", icon=":material/grid_on:", url_path="hidden"),
            ],
            "Learn": [
                st.Page(
                    "pages/learn/gradients.py", title="Gradients", icon=":material/trending_down:", url_path="gradients"
                ),
                st.Page("pages/learn/startup.py", title="Start-up lab", icon=":material/science:", url_path="startup"),
                st.Page("pages/learn/step.py", title="One training step", icon=":material/stairs:", url_path="step"),
            ],
            "Try": [
                st.Page("pages/try/what_if.py", title="What if", icon=":material/alt_route:", url_path="what-if"),
                st.Page("pages/try/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
            ],
            "Library": [
                st.Page("pages/library/cells.py", title="Cells", icon=":material/schema:", url_path="cells"),
                st.Page("pages/library/models.py", title="Models", icon=":material/menu_book:", url_path="models"),
                st.Page("pages/library/own.py", title="Your model", icon=":material/upload_file:", url_path="own"),
                st.Page(
                    "pages/library/diagnosis.py",
                    title="Diagnosis",
                    icon=":material/troubleshoot:",
                    url_path="diagnosis",
                ),
            ],
        },
        expanded=True,
    )
    style.apply()
    here = workbench.workbench()
    if here is not None:
        st.session_state[workbench.PLACE] = here
        page.run()
else:  # the server starts: `streamlit run` finds the app by this name
    app = st.App(__file__, lifespan=server.lifespan, on_script_error=server.on_script_error)
