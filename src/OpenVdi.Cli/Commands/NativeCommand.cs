using System.CommandLine;
using OpenVdi.Cli.Native;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi native</c>: the library for programs in C++ and C.</summary>
internal static class NativeCommand
{
    public static Command Create()
    {
        Command native = new("native", "Make libsqlvdi.so, the library for backup programs in C++ and engines in C.");
        Verb build = new("build", "Compile the library, and lay it out with its headers for compilers and pkg-config.")
        {
            Examples = [("vdi native build", "half a minute; what is up to date is left alone")],
            Notes = ["Needs this source tree, the .NET SDK, and gcc or clang for linking."],
            ExitCodes = [ExitCode.BuildFailed],
        };
        build.Options.Add(CommonOptions.Json);
        build.Runs(BuildAsync);
        Verb path = new("path", "Print the folder of the library: for -L, and for LD_LIBRARY_PATH.")
        {
            Examples = [("g++ -I \"$(vdi native path)/../include\" program.cpp -L \"$(vdi native path)\" -lsqlvdi", "compile a program")],
            ExitCodes = [ExitCode.BuildFailed],
        };
        path.Options.Add(CommonOptions.Json);
        path.Runs(static context =>
        {
            NativeTree tree = NativeTree.Find();
            tree.RequireLibrary();
            Report(context, tree);
            return Task.FromResult(ExitCode.Ok);
        });
        native.Subcommands.Add(build);
        native.Subcommands.Add(path);
        return native;
    }

    private static async Task<ExitCode> BuildAsync(VerbContext context)
    {
        NativeTree tree = NativeTree.Find();
        await NativeBuild.RunAsync(tree, context.CancellationToken).ConfigureAwait(false);
        tree.RequireLibrary();
        Report(context, tree);
        return ExitCode.Ok;
    }

    // Without markup or folding: scripts read it.
    private static void Report(VerbContext context, NativeTree tree) => context.Output.Result(
        new NativeReport(tree.Library, tree.LibraryDirectory, tree.IncludeDirectory, tree.PackageConfigDirectory),
        _ => Console.Out.WriteLine(tree.LibraryDirectory));
}
