using System.Diagnostics;
using System.Text.Json;

namespace OpenVdi.Cli.Tests;

/// <summary><c>vdi native</c>: where the library is, and that what lies there is complete.</summary>
public sealed class NativeTests
{
    private static readonly string[] s_headers = ["openvdi_server.h", "vdi.h", "vdierror.h"];

    [Fact]
    public void Path_AfterABuild_IsTheFolderOfTheLibrary()
    {
        string folder = VdiProcess.Run("native", "path").Expect(ExitCode.Ok).Text;
        Assert.EndsWith("\n", folder, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.TrimEnd('\n'), "libsqlvdi.so")));

        JsonElement report = Assert.Single(VdiProcess.Run("native", "path", "--json").Expect(ExitCode.Ok).Lines);
        Assert.Equal("native", report.GetProperty("type").GetString());
        Assert.Equal(folder.TrimEnd('\n'), report.GetProperty("libraryDirectory").GetString());
        Assert.True(File.Exists(report.GetProperty("library").GetString()));
        string include = report.GetProperty("includeDirectory").GetString()!;
        Assert.Equal(s_headers, Directory.GetFiles(include).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void PkgConfig_WithTheFolderOfTheLibrary_GivesFlagsThatExist()
    {
        string folder = VdiProcess.Run("native", "path").Expect(ExitCode.Ok).Text.TrimEnd('\n');
        string file = File.ReadAllText(Path.Combine(folder, "pkgconfig", "libsqlvdi.pc"));
        Assert.Contains("prefix=${pcfiledir}/../..\n", file, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "pkgconfig", "..", "..", "include", "vdi.h")));
        Assert.True(File.Exists(Path.Combine(folder, "pkgconfig", "..", "..", "lib", "libsqlvdi.so")));
    }

    [Fact]
    public void Build_WithoutALinker_SaysWhatIsMissing()
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "vdi"), ["native", "build"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PATH"] = Path.GetTempPath();
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(DotNet());
        using Process vdi = Process.Start(start)!;
        string error = vdi.StandardError.ReadToEnd();
        vdi.WaitForExit();
        Assert.Equal((int)ExitCode.BuildFailed, vdi.ExitCode);
        Assert.Contains("clang, gcc", error, StringComparison.Ordinal);
        Assert.Contains("HINT:", error, StringComparison.Ordinal);
    }

    // The host of this very test.
    private static string DotNet() => Environment.ProcessPath!;
}
